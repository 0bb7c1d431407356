"""Times that file names tell, and those that only look as if."""

import unicodedata
from datetime import datetime

import pytest

from pinhole.imaging.screenshot_name import is_screenshot
from tests.core.imaging.test_capture_time import local, taken, utc


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("20240102_030405.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("IMG_20240102_030405_HDR.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("PXL_20240102_030405678.MP.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("Screenshot_20240102-030405_Maps.png", local(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02_03-04-05.heic", local(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02 03.04.05.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("WhatsApp Image 2024-01-02 at 03.04.05.jpeg", local(2024, 1, 2, 3, 4, 5)),
        ("signal-2024-01-02-03-04-05-678.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("WhatsApp Image 2020-05-14 at 10.33.21 PM.jpeg", local(2020, 5, 14, 22, 33, 21)),
        ("WhatsApp Image 2020-05-14 at 10.33.21 PM (1).jpeg", local(2020, 5, 14, 22, 33, 21)),
        ("WhatsApp Image 2020-05-14 at 12.33.21 AM.jpeg", local(2020, 5, 14, 0, 33, 21)),
        ("WhatsApp Image 2020-05-14 at 12.33.21 PM.jpeg", local(2020, 5, 14, 12, 33, 21)),
        ("WhatsApp Bild 2020-05-14 um 22.33.21_1a2b3c4d.jpg", local(2020, 5, 14, 22, 33, 21)),
        ("Imagen de WhatsApp 2020-05-14 a las 10.33.21 p. m..jpg", local(2020, 5, 14, 22, 33, 21)),
        ("Imagem do WhatsApp de 2020-05-14 à(s) 22.33.21.jpg", local(2020, 5, 14, 22, 33, 21)),
        ("Изображение WhatsApp 2020-05-14 в 22.33.21.jpg", local(2020, 5, 14, 22, 33, 21)),
        ("IMG20240102030405.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("IMG20250208154709_BURST000_COVER.jpg", local(2025, 2, 8, 15, 47, 9)),
        ("DSC_0001_BURST20230709220904977.jpg", local(2023, 7, 9, 22, 9, 4)),
        ("00000IMG_00000_BURST20230709220904977_COVER.jpg", local(2023, 7, 9, 22, 9, 4)),
        ("DJI_20240102030405_0012_D.JPG", local(2024, 1, 2, 3, 4, 5)),
        ("dji_fly_20240102_030405_12_1704164645000_photo.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("MVIMG_20240102_030405.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("WP_20140102_03_04_05_Pro.jpg", local(2014, 1, 2, 3, 4, 5)),
        ("WIN_20240102_03_04_05_Pro.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("C360_2014-01-02-03-04-05-678.jpg", local(2014, 1, 2, 3, 4, 5)),
        ("InShot_20240102_030405678.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("photo_5@02-01-2024_15-04-05.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("photo_2024-01-02_15-04-05 (2).jpg", local(2024, 1, 2, 15, 4, 5)),
        ("viber_image_2024-01-02_15-04-05-678.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("signal-2024-01-02-150405_002.jpeg", local(2024, 1, 2, 15, 4, 5)),
        ("KakaoTalk_Photo_2024-01-02-15-04-05 001.jpeg", local(2024, 1, 2, 15, 4, 5)),
        ("KakaoTalk_20240102_150405678.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("微信图片_20240102150405.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("2024-01-02 03.04.05 مصر.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02 03.04.05 Amalfi.jpg", local(2024, 1, 2, 3, 4, 5)),
        ("2024_0102_150405_001.JPG", local(2024, 1, 2, 15, 4, 5)),
        ("Photo_2024-01-02_at_15.04.05.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("2024年1月2日15时04分05秒.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("2024-01-02T150405.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("2024-01-02 15h04m05s.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("12345_99_2024-01-02 15.04.05-1.jpg", local(2024, 1, 2, 15, 4, 5)),
        ("IMG-20240102-WA0007.jpg", local(2024, 1, 2, 12)),
        ("VID-20240102-WA0007.mp4", local(2024, 1, 2, 12)),
    ],
)
def test_a_name_tells_the_local_time(filename: str, expected: datetime) -> None:
    found = taken(filename=filename)
    assert (found.taken_at_local, found.taken_at_utc, found.time_source) == (expected, None, "filename")
    assert found.time_confidence == "low"


@pytest.mark.parametrize(
    "filename",
    [
        "IMG_2682.HEIC",
        "20241302_030405.jpg",
        "20240102_250405.jpg",
        "2024-01-02.jpg",
        "IMG-20240231-WA0007.jpg",
        "20300101_000000.jpg",
        "18000101_000000.jpg",
        "120240102_030405.jpg",
        "20240102_0304051234567.jpg",
        "12345678901234.jpg",
        "19890102_030405.jpg",
        "1850-01-02 03.04.05.jpg",
        "20240102-0304-4506-8899-aabbccddeeff.jpg",
        "2e20240102030405a1b2c3d4e5f60718.jpg",
        "20240102030405678abc.jpg",
        "2024-01-02 IMG 123456.jpg",
        "20240102_030405999999999.jpg",
        "10153_1704164645000_10152345678901234_n.jpg",
        "received_10152345678901234.jpeg",
        "Snapchat-1704164645.jpg",
        "9780306406157.jpg",
        "02-01-2024_15-04-05.jpg",
        "IMG_1234-5678-90.jpg",
        "2024-01-02 13.04.61.jpg",
        "DSC20240102.JPG",
    ],
)
def test_a_name_without_a_possible_time_tells_nothing(filename: str) -> None:
    assert taken(filename=filename).time_source == "uploaded"


@pytest.mark.parametrize(
    "filename",
    ["FB_IMG_1704164645000.jpg", "mmexport1704164645000.jpg", "1704164645000.jpg", "2024-01-02_03-04-05_UTC.jpg"],
)
def test_milliseconds_and_utc_in_a_name_are_utc(filename: str) -> None:
    found = taken(filename=filename)
    assert (found.taken_at_utc, found.time_source) == (utc(2024, 1, 2, 3, 4, 5), "filename")
    assert found.taken_at_local == local(2024, 1, 1, 19, 4, 5)


SCREENSHOTS = [
    ("Screen Shot 2024-01-02 at 3.04.05 PM.png", 15),
    ("Screenshot 2024-01-02 at 3.04.05\u202fPM.png", 15),
    ("Screenshot 2024-01-02 at 15.04.05.png", 15),
    ("Screenshot 2024-01-02 150405.png", 15),
    ("Screenshot from 2024-01-02 15-04-05.png", 15),
    ("Screenshot_20240102_150405_Chrome.jpg", 15),
    ("Screenshot_2024-01-02-15-04-05-678_com.android.chrome.png", 15),
    ("CleanShot 2024-01-02 at 15.04.05@2x.png", 15),
    ("Bildschirmfoto 2024-01-02 um 15.04.05.png", 15),
    ("Bildschirmfoto vom 2024-01-02 15-04-05.png", 15),
    ("Capture d’écran 2024-01-02 à 15.04.05.png", 15),
    ("Capture d'écran 2024-01-02 150405.png", 15),
    ("Capture d’écran du 2024-01-02 15-04-05.png", 15),
    ("Captura de pantalla 2024-01-02 a la(s) 3.04.05 p. m..png", 15),
    ("Captura de pantalla 2024-01-02 a las 15.04.05.png", 15),
    ("Captura desde 2024-01-02 15-04-05.png", 15),
    ("Captura de Tela 2024-01-02 às 15.04.05.png", 15),
    ("Captura de ecrã 2024-01-02, às 15.04.05.png", 15),
    ("Schermata 2024-01-02 alle 15.04.05.png", 15),
    ("Schermata da 2024-01-02 15-04-05.png", 15),
    ("Schermafbeelding 2024-01-02 om 15.04.05.png", 15),
    ("Schermafdruk van 2024-01-02 15-04-05.png", 15),
    ("Skärmavbild 2024-01-02 kl. 15.04.05.png", 15),
    ("Skärmbild från 2024-01-02 15-04-05.png", 15),
    ("Skærmbillede 2024-01-02 kl. 15.04.05.png", 15),
    ("Skjermbilde 2024-01-02 kl. 15.04.05.png", 15),
    ("Näyttökuva 2024-1-2 kello 15.04.05.png", 15),
    ("Kuvakaappaus - 2024-01-02 15-04-05.png", 15),
    ("Zrzut ekranu 2024-01-2 o 15.04.05.png", 15),
    ("Snímek obrazovky 2024-01-02 v 15.04.05.png", 15),
    ("Snímka obrazovky 2024-01-02 o 15.04.05.png", 15),
    ("Снимок экрана 2024-01-02 в 15.04.05.png", 15),
    ("Снимок экрана от 2024-01-02 15-04-05.png", 15),
    ("Знімок екрана 2024-01-02 о 15.04.05.png", 15),
    ("Ekran Resmi 2024-01-02 15.04.05.png", 15),
    ("Ekran görüntüsü 2024-01-02 150405.png", 15),
    ("Στιγμιότυπο οθόνης 2024-01-02, 3.04.05 μ.μ..png", 15),
    ("Képernyőfotó 2024-01-02 - 15.04.05.png", 15),
    ("Captură de ecran 2024-01-02 la 15.04.05.png", 15),
    ("スクリーンショット 2024-01-02 15.04.05.png", 15),
    ("スクリーンショット 2024-01-02 午後3.04.05.png", 15),
    ("2024-01-02 15-04-05 のスクリーンショット.png", 15),
    ("스크린샷 2024-01-02 오후 3.04.05.png", 15),
    ("화면 캡처 2024-01-02 150405.png", 15),
    ("截屏2024-01-02 15.04.05.png", 15),
    ("截屏2024-01-02 上午3.04.05.png", 3),
    ("屏幕快照 2024-01-02 下午3.04.05.png", 15),
    ("屏幕截图 2024-01-02 150405.png", 15),
    ("截圖 2024-01-02 下午3.04.05.png", 15),
    ("螢幕擷取畫面 2024-01-02 150405.png", 15),
    ("微信截图_20240102150405.png", 15),
    ("لقطة شاشة ٢٠٢٤-٠١-٠٢ في ٣.٠٤.٠٥ م.png", 15),
    ("צילום מסך 2024-01-02 ב-15.04.05.png", 15),
    ("Cuplikan Layar 2024-01-02 pukul 15.04.05.png", 15),
    ("Ảnh màn hình 2024-01-02 lúc 15.04.05.png", 15),
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])  # macOS takes letters and their accents apart
@pytest.mark.parametrize(("filename", "hour"), SCREENSHOTS)
def test_a_screenshot_of_any_language_is_known_and_tells_its_time(filename: str, hour: int, form: str) -> None:
    name = unicodedata.normalize(form, filename)  # type: ignore[arg-type]
    assert is_screenshot(name)
    assert taken(filename=name).taken_at_local == local(2024, 1, 2, hour, 4, 5)


@pytest.mark.parametrize("filename", ["IMG_2682.HEIC", "Screen door.jpg", "Captain.jpg", "Schirm.jpg", "Kuva 12.jpg"])
def test_other_names_are_no_screenshots(filename: str) -> None:
    assert not is_screenshot(filename)
