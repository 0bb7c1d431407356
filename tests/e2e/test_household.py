"""Several people in one instance: who is invited, where each is logged in, and what administrators do for them."""

import hashlib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pinhole_client import Client, Problem
from tests.e2e.conftest import NAME, PASSWORD, Photo, add, log_in, until

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"


def begin(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the form to log in, and send it."""
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def expect_in(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=f"Account of {name}")).to_be_visible()


def expect_out(page: Page) -> None:
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_who_is_invited_joins_once_and_sees_nothing_of_anybody_else(
    open_context: Callable[..., BrowserContext], page: Page, base_url: str, account: str, photo: Callable[..., Photo]
) -> None:
    [item_id] = add(base_url, [photo("of-mara.jpg")])
    log_in(page, "/admin/invites")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_label("Storage in GB").fill("1,5")
    page.get_by_role("button", name="Make invite").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("button", name="Done").click()

    guest = open_context().new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Join “The library”")).to_be_visible()
    assert "#" not in guest.url
    guest.get_by_label("Name").fill(NAME)
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_role("button", name="Create account").click()
    expect(guest.get_by_role("alert").get_by_text("Somebody here has this name already.")).to_be_visible()
    guest.get_by_label("Name").fill("tom")
    guest.get_by_role("button", name="Create account").click()
    expect(guest.get_by_role("heading", name="Let some light in")).to_be_visible()
    expect(guest.get_by_text("0 bytes of 1.5 GB used")).to_be_visible()
    guest.goto(f"/photo/{item_id}")
    expect(guest.get_by_role("heading", name="This photo isn’t here")).to_be_visible()
    guest.goto("/admin/users")
    expect(guest.get_by_role("heading", name="There is no such page")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="You are logged in as tom")).to_be_visible()
    guest.get_by_role("button", name="Log out and go on").click()
    expect(guest.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()

    late = open_context().new_page()
    late.goto(link)
    expect(late.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Used by tom")).to_be_visible()


def invite(page: Page) -> str:
    """The link of an invite that is made on the page of invites, which is open."""
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_role("button", name="Make invite").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("button", name="Done").click()
    return link


def test_an_invite_that_is_opened_where_another_was_is_looked_up_and_leaves_the_address(
    open_context: Callable[..., BrowserContext], page: Page, base_url: str, account: str
) -> None:
    log_in(page, "/admin/invites")
    link = invite(page)
    guest = open_context().new_page()
    guest.goto(f"{base_url}/invite#cut-off")
    expect(guest.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Join “The library”")).to_be_visible()
    assert "#" not in guest.url


def test_a_session_that_has_ended_keeps_nobody_from_an_invite(
    open_context: Callable[..., BrowserContext], page: Page, account: str, member: Callable[[str], None]
) -> None:
    member("lea")
    theirs = open_context().new_page()
    begin(theirs, "lea")
    expect_in(theirs, "lea")
    theirs.goto("about:blank")  # where nothing notices that the session ends
    log_in(page, "/admin/users")
    page.get_by_role("button", name="Disable lea").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("lea is disabled.")).to_be_visible()
    page.goto("/admin/invites")
    theirs.goto(invite(page))
    expect(theirs.get_by_role("heading", name="Join “The library”")).to_be_visible()
    theirs.get_by_label("Name").fill("lea anew")
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.get_by_role("button", name="Create account").click()
    expect_in(theirs, "lea anew")


def test_an_invite_that_was_taken_back_lets_nobody_in(page: Page, account: str) -> None:
    log_in(page, "/admin/invites")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_label("Folder in the storage").fill("guests/ann")
    page.get_by_role("button", name="Make invite").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("button", name="Done").click()
    invite = page.get_by_role("listitem").filter(has_text="Folder guests/ann")
    invite.get_by_role("button", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(invite.get_by_text("Taken back")).to_be_visible()
    page.get_by_role("button", name=f"Account of {account}").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect_out(page)
    page.goto(link)
    expect(page.get_by_role("heading", name="This invite doesn’t hold")).to_be_visible()


def test_a_session_that_is_ended_from_another_device_is_over_there(
    open_context: Callable[..., BrowserContext], page: Page, account: str
) -> None:
    other = open_context(user_agent=WINDOWS).new_page()
    log_in(other)
    log_in(page, "/account")
    expect(page.get_by_role("listitem").filter(has_text="This device")).to_have_count(1)
    page.get_by_role("button", name="Log out Firefox on Windows").first.click()
    expect(page.get_by_text("Firefox on Windows is logged out.")).to_be_visible()
    other.goto("/recent")
    expect_out(other)
    page.reload()
    expect_in(page, account)


def test_a_new_password_ends_all_other_sessions_and_takes_the_old_one(
    open_context: Callable[..., BrowserContext], page: Page, member: Callable[[str], None]
) -> None:
    member("ida")
    other = open_context().new_page()
    for each in (other, page):
        begin(each, "ida")
        expect_in(each, "ida")
    page.goto("/account")
    page.get_by_label("Current password").fill("not the password")
    page.get_by_label("New password").fill("a louder evening light")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert").get_by_text("This isn’t your password.")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    other.goto("/recent")
    expect_out(other)
    begin(other, "ida", "a louder evening light")
    expect_in(other, "ida")


def test_a_key_for_scripts_is_shown_once_and_opens_nothing_once_it_is_revoked(
    page: Page, base_url: str, member: Callable[[str], None]
) -> None:
    member("zoe")
    begin(page, "zoe")
    expect_in(page, "zoe")
    page.goto("/account")
    page.get_by_role("button", name="Make a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Send photos").uncheck()
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Make key").click()
    expect(dialog.get_by_text("Enter a name.")).to_be_visible()
    expect(dialog.get_by_text("Choose what it may do.")).to_be_visible()
    dialog.get_by_label("Name").fill("Night train")
    dialog.get_by_label("Send photos").check()
    dialog.get_by_role("button", name="Make key").click()
    token = page.get_by_label("Key", exact=True).input_value()
    page.get_by_role("button", name="Done").click()
    key = page.get_by_role("listitem").filter(has_text="Night train")
    expect(key.get_by_text("Never used")).to_be_visible()

    script = Client(base_url, token=token)
    assert script.existing(["0" * 64]) == {}
    with pytest.raises(Problem, match="This key is not for that"):
        script.timeline()
    page.reload()
    expect(key.get_by_text("Last used")).to_be_visible()
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("button", name="Revoke Night train").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Night train opens nothing any more.")).to_be_visible()
    expect(key).to_have_count(0)
    with pytest.raises(Problem, match="was revoked"):
        script.existing(["0" * 64])


def test_another_name_is_shown_at_once_and_is_the_one_to_log_in_with(page: Page, member: Callable[[str], None]) -> None:
    member("bo")
    begin(page, "bo")
    expect_in(page, "bo")
    page.goto("/account")
    page.get_by_label("Name", exact=True).fill("Bosse")
    page.get_by_role("button", name="Save name").click()
    expect_in(page, "Bosse")
    page.get_by_role("button", name="Log out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out everywhere").click()
    expect_out(page)
    begin(page, "Bosse")
    expect_in(page, "Bosse")


def test_who_is_disabled_is_out_at_once_until_they_are_let_in_again(
    open_context: Callable[..., BrowserContext], page: Page, member: Callable[[str], None]
) -> None:
    member("kim")
    theirs = open_context().new_page()
    begin(theirs, "kim")
    expect_in(theirs, "kim")
    log_in(page, "/admin/users")
    page.get_by_role("button", name="Disable kim").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("listitem").filter(has_text="kim").get_by_text("Disabled")).to_be_visible()
    theirs.goto("/recent")
    expect_out(theirs)
    begin(theirs, "kim")
    expect(theirs.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    page.get_by_role("button", name="Enable kim").click()
    expect(page.get_by_text("kim may log in again.")).to_be_visible()
    begin(theirs, "kim")
    expect_in(theirs, "kim")


def test_a_user_is_given_a_quota_and_a_role(page: Page, member: Callable[[str], None]) -> None:
    member("per")
    log_in(page, "/admin/users")
    page.get_by_role("button", name="Change per").click()
    page.get_by_label("Storage in GB").fill("much")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").get_by_text("Enter a number of GB, or nothing.")).to_be_visible()
    page.get_by_label("Storage in GB").fill("12")
    page.get_by_label("Role").select_option("Administrator")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="per", exact=True))
    expect(row.get_by_text("0 bytes of 12 GB used")).to_be_visible()
    expect(row.get_by_text("Administrator")).to_be_visible()


def test_what_failed_is_found_by_its_reason_with_its_report_and_tried_again(
    page: Page, base_url: str, account: str
) -> None:
    client = Client(base_url)
    client.log_in(NAME, PASSWORD)
    content = b"\xff\xd8\xff\xe0 no picture"
    digest = hashlib.sha256(content).hexdigest()
    begun = client.begin(
        {"filename": "broken.jpg", "sizeBytes": len(content), "sha256": digest, "contentType": "image/jpeg"}
    )
    assert begun["state"] == "waiting"
    assert begun["method"] == "single"
    client.put(begun, content, len(content))
    log_in(page, "/admin/jobs")
    until(page, lambda: client.upload_status(begun["id"])["state"] == "failed", "it has failed")
    page.reload()
    failure = page.get_by_role("listitem").filter(has_text="broken.jpg")
    expect(failure).to_have_count(1)
    page.get_by_label("Stage").select_option("Recognition")
    expect(page.get_by_text("Nothing failed like this")).to_be_visible()
    page.get_by_label("Stage").select_option("All stages")
    page.get_by_role("button", name="Report of broken.jpg").click()
    expect(page.get_by_role("dialog", name="Report of broken.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Try again: broken.jpg, ")).click()
    expect(page.get_by_text("1 job is tried again.")).to_be_visible()


def test_a_queue_is_paused_and_goes_on(page: Page, account: str) -> None:
    log_in(page, "/admin/queues")
    page.get_by_role("button", name="Pause ingest-bulk", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="ingest-bulk", exact=True)).to_be_focused()
    page.get_by_role("button", name="Resume ingest-bulk", exact=True).click()
    expect(page.get_by_role("button", name="Pause ingest-bulk", exact=True)).to_be_visible()


def test_a_schedule_is_run_now_and_tells_so(page: Page, account: str) -> None:
    log_in(page, "/admin/schedules")
    schedule = page.get_by_role("listitem").filter(has_text="Forget what has run out")
    expect(schedule.get_by_text("Every 1 h")).to_be_visible()
    with page.expect_response("**/api/admin/schedules/clean_tokens/run") as begun:
        schedule.get_by_role("button", name="Run now: Forget what has run out").click()
    assert begun.value.status == 202
    expect(page.get_by_text("Begun: Forget what has run out")).to_be_visible()
    expect(schedule.get_by_text("Done")).to_be_visible()


def test_what_is_not_well_leads_to_where_something_can_be_done(page: Page, account: str) -> None:
    checks = [
        {"name": "database", "state": "ok", "findings": []},
        {"name": "objects", "state": "failing", "findings": []},
        {"name": "dead_letters", "state": "failing", "findings": [{"subject": "ml", "count": 2, "since": None}]},
        {"name": "paused", "state": "unknown", "findings": []},
    ]
    log_in(page, "/admin/health")
    expect(page.get_by_role("heading", name="Database")).to_be_visible()
    page.route("**/api/admin/health", lambda route: route.fulfill(json={"checks": checks}))
    page.reload()
    expect(page.get_by_text("Something needs a look.")).to_be_visible()
    expect(page.get_by_text("It doesn’t answer.")).to_be_visible()
    expect(page.get_by_text("It couldn’t be looked at, since another part doesn’t answer.")).to_be_visible()
    expect(page.get_by_text("ml: 2 messages")).to_be_visible()
    page.get_by_role("link", name="Look at the queues").first.click()
    expect(page.get_by_role("heading", name="ingest", exact=True)).to_be_visible()
