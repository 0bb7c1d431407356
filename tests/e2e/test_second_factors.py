"""Logging in by more than a password: codes of an app, passkeys of a virtual authenticator, recovery codes."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psycopg
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.e2e.conftest import PASSWORD, Instance, database_url, log_in
from tests.e2e.test_household import begin, expect_in, expect_out

STEP_SECONDS = 30


def totp(secret: str, later: int = 0) -> str:
    """The code of an app, `later` steps from now: https://www.rfc-editor.org/rfc/rfc6238."""
    counter = struct.pack(">Q", int(time.time()) // STEP_SECONDS + later)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack_from('>I', digest, offset)[0] & 0x7FFFFFFF) % 10**6:06}"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What keeps the passkeys of a page: https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/."""

    cdp: CDPSession
    id: str

    def recognise(self, recognises: bool) -> None:
        """Whether it knows whoever is there by their finger from now on."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": recognises})


def authenticator(page: Page) -> Authenticator:
    """Gives the page one, at which somebody is always there."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = kind | {"isUserVerified": True, "automaticPresenceSimulation": True}
    return Authenticator(cdp, cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])


def log_out(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Account of {name}").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect_out(page)


def enter(page: Page, name: str) -> None:
    """Log in by the password alone, and go on to one's account."""
    begin(page, name)
    expect_in(page, name)
    page.goto("/account")


def asked_for_more(page: Page, name: str) -> None:
    """Enter a password that is not enough."""
    begin(page, name)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()


def set_up_app(page: Page) -> tuple[str, list[str]]:
    """Set up an authenticator app on the page of the account: its secret, and the recovery codes."""
    page.get_by_role("button", name="Set up an authenticator app").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    secret = key_to_type(page)
    page.get_by_label("Code that the app shows then").fill(totp(secret))
    page.get_by_role("button", name="Turn on").click()
    return secret, take_codes(page)


def key_to_type(page: Page) -> str:
    """The secret of an authenticator app that is being set up, as somebody types it into the app."""
    return page.get_by_role("definition").inner_text().replace(" ", "")


def take_codes(page: Page) -> list[str]:
    """The recovery codes that are shown, and no more."""
    dialog = page.get_by_role("dialog", name="Your recovery codes")
    expect(dialog.get_by_role("listitem")).to_have_count(10)
    codes = dialog.get_by_role("listitem").all_inner_texts()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    return codes


def add_passkey(page: Page, name: str) -> None:
    """Fill in the form for a passkey on the page of the account, and send it."""
    page.get_by_role("button", name="Add a passkey").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()


def test_a_code_of_the_app_is_asked_for_after_the_password(page: Page, member: Callable[[str], None]) -> None:
    member("ann")
    enter(page, "ann")
    page.get_by_role("button", name="Set up an authenticator app").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Current password").fill("not the password")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("alert")).to_have_text("This isn’t your password.")
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    secret = key_to_type(page)
    page.get_by_label("Code that the app shows then").fill(totp(secret, 1000))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_contain_text("This code isn’t right.")
    page.get_by_label("Code that the app shows then").fill(totp(secret))
    page.get_by_role("button", name="Turn on").click()
    take_codes(page)
    expect(page.get_by_role("heading", name="Authenticator app")).to_be_focused()
    expect(page.get_by_text("10 left")).to_be_visible()

    log_out(page, "ann")
    asked_for_more(page, "ann")
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill(totp(secret, 1000))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This code isn’t right.")
    code = totp(secret, 1)
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.keyboard.press("Enter")
    expect_in(page, "ann")


def test_the_picture_for_the_app_holds_the_same_key(
    open_context: Callable[..., BrowserContext], member: Callable[[str], None]
) -> None:
    member("eva")
    page = open_context(color_scheme="dark").new_page()
    enter(page, "eva")
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    secret = key_to_type(page)
    picture = page.get_by_role("img", name="Picture for the authenticator app").screenshot()
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    uri, *_ = cv2.QRCodeDetector().detectAndDecode(pixels)
    assert uri.startswith("otpauth://totp/")
    assert f"secret={secret}" in uri


def test_each_recovery_code_lets_in_once(page: Page, member: Callable[[str], None]) -> None:
    member("ben")
    enter(page, "ben")
    _, codes = set_up_app(page)
    log_out(page, "ben")

    def use(code: str) -> None:
        asked_for_more(page, "ben")
        page.get_by_role("button", name="Use a recovery code").click()
        expect(page.get_by_label("Recovery code")).to_be_focused()
        page.get_by_label("Recovery code").fill(code)
        page.get_by_role("button", name="Go on").click()

    use(codes[0])
    expect_in(page, "ben")
    log_out(page, "ben")
    use(codes[0])
    expect(page.get_by_role("alert")).to_contain_text("it was used already")
    page.get_by_label("Recovery code").fill(codes[1])
    page.get_by_role("button", name="Go on").click()
    expect_in(page, "ben")

    page.goto("/account")
    expect(page.get_by_text("8 left")).to_be_visible()
    page.get_by_role("button", name="New codes for recovery").click()
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="New codes").click()
    fresh = take_codes(page)
    assert not set(fresh) & set(codes)
    expect(page.get_by_text("10 left")).to_be_visible()


def test_recovery_codes_are_copied_saved_and_printed(
    open_context: Callable[..., BrowserContext], member: Callable[[str], None], tmp_path: Path
) -> None:
    member("cem")
    page = open_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.add_init_script("window.print = () => { window.printed = true }")
    enter(page, "cem")
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    secret = key_to_type(page)
    page.get_by_label("Code that the app shows then").fill(totp(secret))
    page.get_by_role("button", name="Turn on").click()
    dialog = page.get_by_role("dialog", name="Your recovery codes")
    expect(dialog.get_by_role("listitem")).to_have_count(10)
    codes = dialog.get_by_role("listitem").all_inner_texts()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    with page.expect_download() as saving:
        dialog.get_by_role("link", name="Download").click()
    saving.value.save_as(tmp_path / "codes.txt")
    head, _, *saved = (tmp_path / "codes.txt").read_text("utf-8").splitlines()
    assert "cem at localhost" in head
    assert saved == codes
    dialog.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.get_by_text(codes[0])).to_be_visible()
    expect(page.get_by_role("button", name="Done", include_hidden=True)).to_be_hidden()
    expect(page.get_by_role("heading", name="Where you’re logged in", include_hidden=True)).to_be_hidden()


def test_a_passkey_is_the_second_step_and_is_enough_by_itself(page: Page, member: Callable[[str], None]) -> None:
    member("dan")
    authenticator(page)
    enter(page, "dan")
    add_passkey(page, "Blue key")
    take_codes(page)
    key = page.get_by_role("listitem").filter(has_text="Blue key").last
    expect(key).to_contain_text("Never used")

    log_out(page, "dan")
    asked_for_more(page, "dan")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_focused()
    page.keyboard.press("Enter")
    expect_in(page, "dan")
    log_out(page, "dan")
    page.get_by_role("button", name="Use a passkey").click()
    expect_in(page, "dan")

    page.goto("/account")
    expect(key).to_contain_text("Last used this minute")
    page.get_by_role("button", name="Remove Blue key").click()
    dialog = page.get_by_role("dialog", name="Remove Blue key?")
    expect(dialog).to_contain_text("It is the last one")
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Blue key is removed.")).to_be_visible()
    expect(page.get_by_role("heading", name="Recovery codes")).to_have_count(0)
    expect(page.get_by_role("heading", name="Safer log-in")).to_be_focused()
    log_out(page, "dan")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("This passkey isn’t good here.")
    begin(page, "dan")
    expect_in(page, "dan")


def test_a_passkey_that_its_owner_does_not_show_is_asked_for_again(page: Page, member: Callable[[str], None]) -> None:
    member("eli")
    keeper = authenticator(page)
    enter(page, "eli")
    keeper.recognise(False)
    add_passkey(page, "Phone")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("No passkey was used.")
    keeper.recognise(True)
    dialog.get_by_role("button", name="Go on").click()
    take_codes(page)
    add_passkey(page, "Phone again")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("has a passkey for you already")
    page.keyboard.press("Escape")

    log_out(page, "eli")
    keeper.recognise(False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used.")
    keeper.recognise(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect_in(page, "eli")


def test_nobody_is_in_before_the_second_step_and_back_leads_to_the_first(
    page: Page, member: Callable[[str], None]
) -> None:
    member("fay")
    enter(page, "fay")
    secret, _ = set_up_app(page)
    log_out(page, "fay")
    asked_for_more(page, "fay")
    page.goto("/recent")
    expect_out(page)
    asked_for_more(page, "fay")
    page.get_by_role("button", name="Back", exact=True).click()
    expect_out(page)
    expect(page.get_by_label("Name")).to_have_value("fay")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(totp(secret, 1))
    page.get_by_role("button", name="Go on").click()
    expect_in(page, "fay")


def test_whoever_takes_too_long_begins_again(page: Page, instance: Instance, member: Callable[[str], None]) -> None:
    member("gus")
    enter(page, "gus")
    secret, _ = set_up_app(page)
    log_out(page, "gus")
    asked_for_more(page, "gus")
    with psycopg.connect(database_url(instance)) as conn:
        conn.execute("UPDATE login_ticket SET expires_at = now() - interval '1 second'")
    page.get_by_label("Code").fill(totp(secret, 1))
    page.get_by_role("button", name="Go on").click()
    expect_out(page)
    expect(page.get_by_role("alert")).to_contain_text("This took too long")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()


def test_an_administrator_helps_who_has_lost_their_phone(
    open_context: Callable[..., BrowserContext], page: Page, member: Callable[[str], None]
) -> None:
    member("hal")
    theirs = open_context().new_page()
    enter(theirs, "hal")
    set_up_app(theirs)
    log_in(page, "/admin/users")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="hal", exact=True))
    expect(row.get_by_text("Second step", exact=True)).to_be_visible()
    row.get_by_role("button", name="Remove second step of hal").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove second step").click()
    expect(page.get_by_text("hal logs in with the password alone.")).to_be_visible()
    expect(row.get_by_text(re.compile("second step", re.IGNORECASE))).to_have_count(0)
    theirs.goto("/recent")
    expect_out(theirs)
    begin(theirs, "hal")
    expect_in(theirs, "hal")
