"""The statements of accounts, as their use cases send them."""

from datetime import timedelta

from pinhole.accounts import limits
from pinhole.tables import (
    api_key,
    invite,
    library,
    live_ticket,
    login_ticket,
    mail,
    passkey,
    rate_limit,
    recovery_code,
    refresh_token,
    session,
    totp,
    user,
)
from pinhole.tables.passkey import NewCredential
from pinhole.tables.session import UNKNOWN, Session
from tests.fixtures.statements import SESSION, SHA256, World, case


@case
def somebody_registers(w: World) -> None:
    user.exists_any(w.conn)
    user.insert(w.conn, "carol", "-", "member", "carol")


@case
def somebody_logs_in(w: World) -> None:
    user.read_credentials(w.conn, "ann")
    user.keep_password_hash(w.conn, w.ann.id, "-")
    refresh_token.insert(w.conn, "new", SHA256, session.insert(w.conn, w.ann.id), timedelta(days=30))


@case
def a_session_goes_on(w: World) -> None:
    session.read_open(w.conn, SESSION)
    refresh_token.trace(w.conn, SESSION, SHA256)
    refresh_token.use(w.conn, SESSION, SHA256)
    session.see(w.conn, SESSION, UNKNOWN)


@case
def somebody_changes_their_account(w: World) -> None:
    user.read_password_hash(w.conn, w.ann.id)
    user.change_password_hash(w.conn, w.ann.id, "-", "another")
    user.rename(w.conn, w.ann.id, "anna")


@case
def somebody_is_invited_and_comes(w: World) -> None:
    user.folder_is_free(w.conn, "family/carol")
    made, _ = invite.insert(w.conn, SHA256, "family/carol", None, w.ann.id, w.item.created_at)
    invite.end_of_open(w.conn, SHA256)
    invite.is_open(w.conn, made)
    user.email_is_taken(w.conn, "carol@example.org")
    invite.use(w.conn, SHA256)
    invite.keep_user(w.conn, made, w.ann.id)
    invite.revoke(w.conn, made)
    invite.revoke_of(w.conn, w.ann.id)
    invite.list_newest(w.conn, 500)


@case
def the_library_is_named(w: World) -> None:
    library.insert(w.conn, "Home", "Asia/Tokyo", originals_may_be_deleted=False)
    library.name(w.conn)
    library.fallback_timezone(w.conn)


@case
def somebody_reads_where_they_are_logged_in(w: World) -> None:
    session.list_open(w.conn, Session(SESSION, w.ann), 200)


@case
def sessions_end(w: World) -> None:
    session.end(w.conn, w.ann.id, SESSION)
    session.end_others(w.conn, w.ann.id, SESSION)
    session.end_all(w.conn, w.ann.id)


@case
def attempts_are_counted(w: World) -> None:
    rate_limit.count(w.conn, "login address 1", limits.WINDOW)
    rate_limit.take_back(w.conn, "login address 1", limits.WINDOW)


@case
def what_has_run_out_is_deleted(w: World) -> None:
    session.delete_spent(w.conn, refresh_token.delete_expired(w.conn))
    live_ticket.delete_expired(w.conn)
    login_ticket.delete_expired(w.conn)
    rate_limit.delete_past(w.conn, limits.WINDOW)
    mail.delete_expired(w.conn)


@case
def a_script_comes_by_a_key(w: World) -> None:
    user.hold(w.conn, w.ann.id)
    made = api_key.insert(w.conn, w.ann.id, "a script", ["read"], SHA256, 100)
    assert made is not None
    api_key.use(w.conn, SHA256)
    api_key.list_of(w.conn, w.ann.id)
    api_key.delete(w.conn, w.ann.id, made.id)


@case
def somebody_enrols_factors_and_removes_them(w: World) -> None:
    totp.begin(w.conn, w.ann.id, bytes(20))
    totp.read_pending(w.conn, w.ann.id, timedelta(minutes=10))
    totp.confirm(w.conn, w.ann.id, bytes(20), 1)
    recovery_code.replace(w.conn, w.ann.id, [SHA256])
    made = passkey.insert(w.conn, w.ann.id, "a key", NewCredential(b"new", b"", 0, "localhost", [], False))
    assert made is not None
    passkey.delete(w.conn, w.ann.id, made.id)
    totp.delete(w.conn, w.ann.id)
    passkey.delete_all(w.conn, w.ann.id)
    recovery_code.delete(w.conn, w.ann.id)
    login_ticket.delete_of_user(w.conn, w.ann.id)


@case
def somebody_logs_in_by_a_second_factor(w: World) -> None:
    passkey.list_of(w.conn, w.ann.id)
    totp.confirmed_at(w.conn, w.ann.id)
    recovery_code.count_left(w.conn, w.ann.id)
    login_ticket.insert(w.conn, "second_factor", SHA256, w.ann.id, b"", w.item.created_at)
    login_ticket.attempt(w.conn, "second_factor", SHA256)
    totp.read_secret(w.conn, w.ann.id)
    totp.use(w.conn, w.ann.id, bytes(20), 2)
    recovery_code.use(w.conn, w.ann.id, SHA256)
    passkey.find(w.conn, b"a credential")
    passkey.use(w.conn, w.ann.id, b"a credential", 1, backed_up=False)
    login_ticket.use(w.conn, "second_factor", SHA256)


@case
def an_address_is_confirmed(w: World) -> None:
    user.read_email(w.conn, w.ann.id)
    mail.pending_address(w.conn, w.ann.id)
    mail.end_tokens(w.conn, w.ann.id, ["confirm"])
    mail.insert(w.conn, "confirm", "ann@example.org", "ann@example.org", timedelta(days=1), user_id=w.ann.id)
    mail.use(w.conn, "confirm", SHA256)
    user.change_email(w.conn, w.ann.id, "ann@example.org", "ann@example.org")
    mail.insert_notice(w.conn, "email_changed", w.ann.id, timedelta(days=1))


@case
def a_mail_is_sent(w: World) -> None:
    asked = mail.insert(w.conn, "reset", "ann@example.org", "ann@example.org", timedelta(hours=1))
    mail.claim(w.conn, asked, timedelta(minutes=1))
    user.lock_of_email(w.conn, "ann@example.org")
    user.enabled_name(w.conn, w.ann.id)
    mail.count_resets(w.conn, "ann@example.org", timedelta(hours=1))
    mail.end_older_resets(w.conn, w.ann.id, asked)
    mail.keep_token(w.conn, asked, SHA256, w.ann.id, "-")
    mail.release(w.conn, asked)
    mail.finish(w.conn, asked, "sent")
    mail.fail(w.conn, asked, 5)
    mail.touch_stale(w.conn, w.item.created_at, 500)


@case
def a_forgotten_password_is_replaced(w: World) -> None:
    mail.is_open(w.conn, "reset", SHA256)
    mail.use(w.conn, "reset", SHA256)
