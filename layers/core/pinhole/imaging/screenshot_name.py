"""Names that macOS, Windows, Android, GNOME, KDE and messengers give to screenshots, each in its languages."""

import re
import unicodedata

_NAME = re.compile(
    r"""
    screen[ _-]?(?:shot|capture|grab|clip) | \bscr-\d{8}\b | cleanshot
    | bildschirm(?:foto|aufnahme|ausschnitt)                                        # German
    | capture[ _]d.[ée]cran | (?:copie|capture)[ _][ée]cran                         # French
    | captura[ _](?:de[ _](?:pantalla|tela|ecr[ãa])|desde\b|d.ecran\b)              # Spanish, Portuguese, Catalan
    | istantanea[ _](?:schermo|dello[ _]schermo|da\b) | schermata                   # Italian
    | schermafbeelding | schermafdruk | schermopname                                # Dutch
    | sk[äa]rm(?:avbild|bild|dump|klipp)                                            # Swedish
    | sk[æa]rm(?:billede|klip) | skjermbilde | skjermdump | skjermutklipp           # Danish, Norwegian
    | n[äa]ytt[öo]kuva | kuvakaappaus | ruutukaappaus                               # Finnish
    | skj[áa]mynd | skj[áa]skot                                                     # Icelandic
    | zrzut[ _]ekranu | zrzut[ _]z[ _]ekranu                                        # Polish
    | sn[íi]mek[ _]obrazovky | sn[íi]mk[ay][ _]obrazovky | snimka[ _]zaslona        # Czech, Slovak, Croatian
    | posnetek[ _]zaslona | snimak[ _]ekrana | снимак[ _]екрана                     # Slovenian, Serbian
    | снимок[ _]экрана | скриншот | снимка[ _]на[ _]екран                           # Russian, Bulgarian
    | зн[іи]мок[ _]екран[ау] | скріншот                                             # Ukrainian
    | ekran[ _](?:resmi|g[öo]r[üu]nt[üu]s[üu]|al[ıi]nt[ıi]s[ıi])                    # Turkish
    | στιγμι[όο]τυπο(?:[ _]οθ[όο]νης|[ _]απ[όο])                                    # Greek
    | k[ée]perny[őo](?:fot[óo]|k[ée]p|felv[ée]tel)                                  # Hungarian
    | captur[ăa][ _](?:de[ _])?ecran | ekraanipilt | ekr[āa]nuz[ņn][ēe]mums | ekrano[ _](?:kopija|nuotrauka)
    | スクリーンショット | 画面キャプチャ | スクショ | 画面ショット                 # Japanese
    | 스크린\s?샷 | 화면[ _]?캡[처쳐]                                               # Korean
    | 截屏 | 截图 | 截圖 | 屏幕快照 | 螢幕快照 | 屏幕捕获 | 螢幕擷取 | 螢幕截取     # Chinese
    | لقطة[ _](?:ال)?شاشة | نماگرفت | اسکرین[ _‌]?شات                               # Arabic, Persian
    | צילום[ _]?מסך | תמונת[ _]מסך                                                  # Hebrew
    | ภาพ(?:ถ่าย)?หน้าจอ | [ảa]nh[ _](?:ch[ụu]p[ _])?m[àa]n[ _]h[ìi]nh              # Thai, Vietnamese
    | (?:cuplikan|tangkapan)[ _]layar | tangkap(?:an)?[ _]skrin | स्क्रीनशॉट         # Indonesian, Malay, Hindi
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_screenshot(filename: str) -> bool:
    return _NAME.search(unicodedata.normalize("NFC", filename)) is not None
