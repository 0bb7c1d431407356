"""Who may come in by which route of the API, and whose thing each route names: written beside what the routes declare.

`test_doors.py` holds both against each other, and tries every door.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pinhole.accounts.api_keys import Scope
from tests.fixtures.api import PASSWORD

Enters = Literal["anyone", "session", "administrator"]
Thing = Literal["item", "upload", "large upload", "change", "session", "key", "passkey"]

ABSENT = "0123456789ab"
"""An id of the right form, which nothing has."""


@dataclass(frozen=True, slots=True)
class Door:
    """enters: who may come in.

    names: what kind of thing of a user's a request names by its id, or None. It stands where `{id}` does in `path`,
        `query` and `body`.
    path: the route with its parameters filled in, where it has any.
    scopes: which scopes of an API key let in; (): no key does.
    hides: whether another's thing is 404. Else the request names many, and what is another's counts as not there.
    """

    enters: Enters
    names: Thing | None = None
    scopes: tuple[Scope, ...] = ()
    path: str | None = None
    query: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hides: bool = True


ANYONE = Door("anyone")
SESSION = Door("session")
ADMINISTRATOR = Door("administrator")
# By a session, or by a key that is for it.
READ: tuple[Scope, ...] = ("read", "all")
UPLOAD: tuple[Scope, ...] = ("upload", "all")
ALL: tuple[Scope, ...] = ("all",)
READING = Door("session", scopes=READ)
UPLOADING = Door("session", scopes=UPLOAD)
_EDIT = {"set": {"rating": 3}}

DOORS: dict[str, Door] = {
    "GET /onboarding": ANYONE,
    "GET /health": ANYONE,
    "GET /docs": ANYONE,
    "GET /openapi.json": ANYONE,
    "POST /auth/register": ANYONE,
    "POST /auth/login": ANYONE,
    "POST /auth/refresh": ANYONE,
    # What opens them is a ticket, which a password has opened, with a factor; or a passkey.
    "POST /auth/second-factor": ANYONE,
    "POST /auth/passkey/options": ANYONE,
    "POST /auth/passkey": ANYONE,
    # What opens it is the token of an invite.
    "POST /auth/invite": ANYONE,
    # What opens these is the token of a mail, which is sent to whoever reads what comes to the address.
    "POST /auth/password-reset": ANYONE,
    "POST /auth/password-reset/confirm": ANYONE,
    "POST /auth/email/confirm": ANYONE,
    # The signature in its query is what opens it, to whoever has that.
    "GET /media/{item_key}/{version}/{name}": Door("anyone", path="/media/0123456789abcdefghijABCD/1/240.webp"),
    "POST /auth/logout": SESSION,
    "POST /auth/password": SESSION,
    "GET /auth/sessions": SESSION,
    "DELETE /auth/sessions": SESSION,
    "DELETE /auth/sessions/{session_id}": Door("session", "session", path="/auth/sessions/{id}"),
    "GET /auth/keys": SESSION,
    "POST /auth/keys": SESSION,
    "DELETE /auth/keys/{key_id}": Door("session", "key", path="/auth/keys/{id}"),
    "GET /me": Door("session", scopes=("read", "upload", "all")),
    "PATCH /me": SESSION,
    "GET /me/factors": SESSION,
    "POST /me/totp": SESSION,
    "POST /me/totp/confirm": SESSION,
    "POST /me/totp/remove": SESSION,
    "POST /me/passkeys/options": SESSION,
    "POST /me/passkeys": SESSION,
    "POST /me/passkeys/{passkey_id}/remove": Door(
        "session", "passkey", path="/me/passkeys/{id}/remove", body={"currentPassword": PASSWORD}
    ),
    "POST /me/recovery-codes": SESSION,
    "POST /me/email": SESSION,
    "POST /me/email/remove": SESSION,
    "POST /me/delete": SESSION,
    "GET /storage": READING,
    "GET /places": READING,
    "POST /live/ticket": SESSION,
    "GET /timeline": READING,
    "GET /timeline/covers": READING,
    "GET /timeline/{month}": Door("session", scopes=READ, path="/timeline/2024-07"),
    "GET /lists/{list}": Door("session", scopes=READ, path="/lists/favourites"),
    "GET /lists/{list}/{month}": Door("session", scopes=READ, path="/lists/favourites/2024-07"),
    "GET /folders": READING,
    "GET /search": Door("session", "item", scopes=READ, query="similarTo={id}"),
    "POST /search/image": READING,
    "GET /search/filters": READING,
    "GET /search/suggestions": READING,
    "POST /search/history": Door("session", scopes=ALL),
    "DELETE /search/history": Door("session", scopes=ALL),
    "GET /items/{item_id}": Door("session", "item", scopes=READ, path="/items/{id}"),
    "PATCH /items/{item_id}": Door(
        "session", "item", scopes=ALL, path="/items/{id}", body=_EDIT, headers={"If-Match": '"1"'}
    ),
    "PATCH /items": Door("session", "item", scopes=ALL, body={"ids": ["{id}"], **_EDIT}, hides=False),
    "POST /items/{item_id}/full-size": Door("session", "item", scopes=READ, path="/items/{id}/full-size"),
    "GET /items/{item_id}/playback": Door("session", "item", scopes=READ, path="/items/{id}/playback"),
    "POST /originals": Door("session", "item", scopes=READ, body={"ids": ["{id}"]}, hides=False),
    "GET /changes/{change_id}": Door("session", "change", scopes=READ, path="/changes/{id}"),
    "POST /changes/{change_id}/undo": Door("session", "change", scopes=ALL, path="/changes/{id}/undo"),
    "GET /uploads": UPLOADING,
    "POST /uploads": UPLOADING,
    # By hashes, which anyone can have: another's file is none that is there.
    "POST /uploads/check": UPLOADING,
    "POST /uploads/complete": Door("session", "upload", scopes=UPLOAD, body={"ids": ["{id}"]}, hides=False),
    "GET /uploads/{upload_id}": Door("session", "upload", scopes=UPLOAD, path="/uploads/{id}"),
    "DELETE /uploads/{upload_id}": Door("session", "upload", scopes=UPLOAD, path="/uploads/{id}"),
    "POST /uploads/{upload_id}/url": Door("session", "upload", scopes=UPLOAD, path="/uploads/{id}/url"),
    "POST /uploads/{upload_id}/parts": Door(
        "session", "large upload", scopes=UPLOAD, path="/uploads/{id}/parts", body={"partNumbers": [1]}
    ),
    "POST /uploads/{upload_id}/complete": Door("session", "large upload", scopes=UPLOAD, path="/uploads/{id}/complete"),
    "POST /onboarding": ADMINISTRATOR,
    "GET /admin/invites": ADMINISTRATOR,
    "POST /admin/invites": ADMINISTRATOR,
    "DELETE /admin/invites/{invite_id}": Door("administrator", path=f"/admin/invites/{ABSENT}"),
    "GET /admin/users": ADMINISTRATOR,
    "PATCH /admin/users/{user_id}": Door("administrator", path="/admin/users/12345678"),
    "POST /admin/users/{user_id}/remove-factors": Door("administrator", path="/admin/users/12345678/remove-factors"),
    "POST /admin/users/{user_id}/delete": Door("administrator", path="/admin/users/12345678/delete"),
    "GET /admin/jobs": ADMINISTRATOR,
    "GET /admin/jobs/failures": ADMINISTRATOR,
    "POST /admin/jobs/retry": ADMINISTRATOR,
    "GET /admin/health": ADMINISTRATOR,
    "GET /admin/schedules": ADMINISTRATOR,
    "POST /admin/schedules/{schedule}/run": Door("administrator", path="/admin/schedules/none/run"),
    "GET /admin/queues": ADMINISTRATOR,
    "POST /admin/queues/{queue}/{action}": Door("administrator", path="/admin/queues/ingest/pause"),
}
