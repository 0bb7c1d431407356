"""Users as operators see them, their quotas and roles, and who is kept out."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal

from psycopg import Connection
from psycopg.rows import class_row
from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from pinhole import accounts, deletion, live, storage
from pinhole.accounts import Role, second_factors
from pinhole.db import statement, transaction
from pinhole.deletion import Progress
from pinhole.errors import Conflict, ErrorCode, NotFound
from pinhole.tables import deletion as deletion_table
from pinhole.tables import invite, session, user
from pinhole.tables.user import User
from pinhole.telemetry import logger

MAX_QUOTA_BYTES = 2**53 - 1  # exact in JSON

UserId = Annotated[int, Field(ge=1, lt=2**53)]


@dataclass(frozen=True, slots=True)
class UserState:
    """A user as an operator sees them.

    disabled_at: since when they are let in nowhere; last_seen_at: None where not within 30 days, after which sessions
    are forgotten. originals_bytes, renditions_bytes, items: up to a minute ago. quota_bytes: their own; None: the
    setting's; effective_quota_bytes: which of the two holds, None: no limit. second_factors: whether more than a
    password is asked of them. deletion: None where there is none.
    """

    id: int
    name: str
    role: Role
    folder: str
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None
    originals_bytes: int
    renditions_bytes: int
    items: int
    quota_bytes: int | None
    second_factors: bool
    effective_quota_bytes: int | None
    deletion: Progress | None


class UserChange(TypedDict, total=False):
    """What is to be changed of a user; what is absent stays. quota_bytes: None for the setting's.

    remove_factors: forget passkeys, app and recovery codes, for somebody who has lost them.
    """

    role: Role
    quota_bytes: Annotated[int, Field(ge=0, le=MAX_QUOTA_BYTES)] | None
    disabled: bool
    remove_factors: Literal[True]


def states() -> list[UserState]:
    """All users by name, at the cost of `storage.of_owners`. Raises Unavailable."""
    return _states(None)


def change(user_id: int, changes: UserChange) -> UserState:
    """Change a user, all or nothing; how they are then.

    Who is disabled, or whose second factors are removed, has no session any more; of who administers no more, the
    invites that are open are revoked.

    Raises NotFound; Conflict (`last_administrator`) where nobody would be left who may administer, (`being_deleted`)
    where it is the user who goes; Unavailable.
    """
    with transaction() as conn:
        user.lock(conn)  # of two administrators who take each other's role, the second finds what the first did
        user.hold(conn, user_id)  # who is about to log in waits, and finds what was changed
        if deletion_table.is_under_way(conn, user_id):
            raise Conflict("This user is being deleted.", code=ErrorCode.BEING_DELETED)
        if "role" in changes:
            user.change_role(conn, user_id, changes["role"])
        if "quota_bytes" in changes:
            user.change_quota(conn, user_id, changes["quota_bytes"])
        if "disabled" in changes:
            user.set_disabled(conn, user_id, disabled=changes["disabled"])
        if "remove_factors" in changes:
            second_factors.forget_all(conn, user_id)
        if _ends_sessions(changes):
            session.end_all(conn, user_id)
        if changes.get("disabled") or changes.get("role") == "member":
            invite.revoke_of(conn, user_id)
        if not user.has_administrator(conn):
            raise Conflict(
                "Nobody would be left to administer: make somebody else an administrator first.",
                code=ErrorCode.LAST_ADMINISTRATOR,
            )
    logger.info("user_changed", extra={"user_id": user_id, **changes})
    if _ends_sessions(changes):
        live.sessions_ended(user_id)
    found = _states(user_id)
    if not found:
        raise NotFound("There is no such user.")
    return found[0]


def change_named(name: str, changes: UserChange) -> UserState:
    """The same for the user of this name."""
    return change(_id_of(name), changes)


def remove_factors(user_id: int, by: User) -> None:
    """Have somebody's password be enough again. by: who asks for it. Raises Conflict (`own_account`), NotFound."""
    _check_other(user_id, by)
    change(user_id, {"remove_factors": True})


def delete_other(user_id: int, by: User, *, originals: bool) -> UserState:
    """As `delete`, for an administrator. by: who asks for it. Raises Conflict (`own_account`) too."""
    _check_other(user_id, by)
    return delete(user_id, originals=originals)


def delete(user_id: int, *, originals: bool) -> UserState:
    """Have a user deleted, with their originals or without; how far it is then. Raises what `deletion.begin` does."""
    deletion.begin(user_id, originals=originals)
    found = _states(user_id)
    deletion.ask(user_id)
    if not found:
        raise NotFound("There is no such user.")
    return found[0]


def delete_named(name: str, *, originals: bool) -> UserState:
    """The same for the user of this name."""
    return delete(_id_of(name), originals=originals)


def _check_other(user_id: int, by: User) -> None:
    if user_id == by.id:
        raise Conflict("Of your own account this takes your password.", code=ErrorCode.OWN_ACCOUNT)


def _id_of(name: str) -> int:
    with transaction() as conn:
        user_id = user.find_id(conn, user.name_key(name))
    if user_id is None:
        raise NotFound(f"There is no user {name}.")
    return user_id


@dataclass(frozen=True, slots=True)
class Row:
    """A user without what they store: as UserState."""

    id: int
    name: str
    role: Role
    folder: str
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None
    quota_bytes: int | None
    second_factors: bool


def rows(conn: Connection, user_id: int | None) -> list[Row]:
    """All users by name, or this one, as far as tables say so without being summed up."""
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            """
            SELECT id, name, role::text, folder, created_at, disabled_at, quota_bytes,
                   (SELECT max(last_seen_at) FROM session WHERE user_id = users.id) AS last_seen_at,
                   EXISTS (SELECT FROM totp WHERE user_id = users.id AND confirmed_at IS NOT NULL)
                       OR EXISTS (SELECT FROM passkey WHERE user_id = users.id) AS second_factors
            FROM users WHERE id = coalesce(%s, id) ORDER BY name_key
            """,
            [user_id],
        ).fetchall()


def _ends_sessions(changes: UserChange) -> bool:
    return changes.get("disabled", False) or "remove_factors" in changes


def _states(user_id: int | None) -> list[UserState]:
    users = statement(lambda conn: rows(conn, user_id))
    stored = storage.of_owners([one.id for one in users])
    going = statement(deletion_table.progress)
    return [
        UserState(
            **asdict(one),
            **asdict(stored[one.id]),
            effective_quota_bytes=accounts.quota(one.quota_bytes),
            deletion=going.get(one.id),
        )
        for one in users
    ]
