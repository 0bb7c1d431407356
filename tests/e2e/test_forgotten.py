"""A password that was forgotten, an address that is confirmed: by the mails that an instance prints in its terminal."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import NAME, PASSWORD, Instance, log_in, until

EMAIL = "mara@example.org"
NEW = "a louder evening dark"


@pytest.fixture(scope="module")
def printed(instance: Instance) -> Callable[[Page, str, str], str]:
    """Waits for a mail to an address that links to a page of the client: the last such link."""

    def link(page: Page, address: str, to: str) -> str:
        links: list[str] = []

        def is_there() -> bool:
            mails = re.split(r"^\d\d:\d\d:\d\d ", instance.said, flags=re.MULTILINE)
            to_them = [mail for mail in mails if mail.startswith(f"Mail to {address}:")]
            links[:] = [link for mail in to_them for link in re.findall(rf"{instance.url}/{to}#\S+", mail)]
            return links != []

        until(page, is_there, f"no mail to {address} leads to {to}")
        return links[-1]

    return link


def login(page: Page, name: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Name or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def confirm(page: Page, printed: Callable[[Page, str, str], str]) -> None:
    """Give the account this address, as it is logged in."""
    page.goto("/account")
    page.get_by_role("button", name="Add an address").click()
    dialog = page.get_by_role("dialog", name="Your e-mail address")
    dialog.get_by_label("E-mail address").fill(EMAIL)
    dialog.get_by_label("Current password", exact=True).fill("not this one")
    dialog.get_by_role("button", name="Send link").click()
    expect(dialog.get_by_role("alert").get_by_text("This isn’t your password.")).to_be_visible()
    dialog.get_by_label("Current password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Send link").click()
    expect(page.get_by_text(f"A mail is on its way to {EMAIL}.")).to_be_visible()
    page.goto(printed(page, EMAIL, "confirm-email"))
    expect(page).to_have_url(re.compile("/confirm-email$"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your e-mail address is confirmed")).to_be_visible()


def test_who_has_confirmed_an_address_logs_in_by_it_and_replaces_a_forgotten_password(
    open_context: Callable[..., BrowserContext],
    page: Page,
    account: str,
    printed: Callable[[Page, str, str], str],
) -> None:
    log_in(page)
    confirm(page, printed)
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_text(f"Your address is {EMAIL}.")).to_be_visible()

    guest = open_context().new_page()
    guest.goto("/login")
    guest.get_by_role("link", name="Forgot your password?").click()
    guest.get_by_role("button", name="Send link").click()
    expect(guest.get_by_role("alert").get_by_text("Enter an e-mail address.")).to_be_visible()
    guest.get_by_label("E-mail address").fill("mara at example")
    guest.get_by_role("button", name="Send link").click()
    expect(guest.get_by_role("alert").get_by_text("This can’t be an e-mail address.")).to_be_visible()
    guest.get_by_label("E-mail address").fill(EMAIL)
    guest.get_by_role("button", name="Send link").click()
    expect(guest.get_by_role("heading", name="Look into your inbox")).to_be_visible()

    link = printed(guest, EMAIL, "reset")
    guest.goto(link)
    expect(guest).to_have_url(re.compile("/reset$"))
    guest.get_by_label("New password", exact=True).fill("short")
    guest.get_by_role("button", name="Save password").click()
    expect(guest.get_by_label("New password", exact=True)).to_be_focused()
    guest.get_by_label("New password", exact=True).fill(NEW)
    guest.get_by_role("button", name="Save password").click()
    expect(guest.get_by_role("heading", name="Your password is changed")).to_be_visible()
    guest.get_by_role("link", name="Log in").click()
    login(guest, EMAIL, NEW)
    expect(guest.get_by_role("button", name=f"Account of {NAME}")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()

    late = open_context().new_page()
    late.goto(link)
    late.get_by_label("New password", exact=True).fill(NEW)
    late.get_by_role("button", name="Save password").click()
    expect(late.get_by_role("heading", name="This link doesn’t hold")).to_be_visible()
    late.get_by_role("link", name="Ask for a new link").click()
    expect(late.get_by_role("heading", name="Choose a new password")).to_be_visible()

    guest.goto("/account")
    guest.get_by_role("button", name="Remove address").click()
    dialog = guest.get_by_role("dialog", name="Remove your e-mail address?")
    dialog.get_by_label("Current password", exact=True).fill(NEW)
    dialog.get_by_role("button", name="Remove address").click()
    expect(guest.get_by_text("Your e-mail address is removed.")).to_be_visible()
    expect(guest.get_by_role("button", name="Add an address")).to_be_visible()
