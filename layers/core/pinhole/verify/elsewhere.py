"""What lies in the originals bucket beside all that was uploaded: somebody put it there."""

from collections.abc import Collection, Container, Iterator, Sequence
from datetime import datetime
from itertools import islice

from pinhole import keys, objects, stages
from pinhole.db import transaction
from pinhole.objects import Listed
from pinhole.s3_events import ObjectCreated
from pinhole.stages import Lane
from pinhole.tables import original_file
from pinhole.telemetry import logger
from pinhole.verify.finding import Finding, Kind, Tally

PAGE = 1000


def check(before: datetime, tally: Tally, told: Container[str], *, repair: bool) -> Iterator[Finding]:
    """Each object in a user's folder that no item has, and each object or whole folder that is nobody's.

    The first are sent to ingest by a repair, the others are left alone. What is younger than `before` is not judged,
    nor what lies in the folder of a user who is being deleted, or was and whose originals were kept.

    told: keys that another finding is about.
    """
    with transaction() as conn:
        owners = conn.execute(
            """
            SELECT id, folder, EXISTS (SELECT FROM deletion WHERE user_id = users.id) FROM users
            UNION ALL SELECT NULL, folder, true FROM kept_folder ORDER BY 1
            """
        ).fetchall()
    folders = {f"{folder}/" for _, folder, _ in owners}
    for owner_id, folder in [(owner_id, folder) for owner_id, folder, leaves in owners if not leaves]:
        yield from _not_indexed(owner_id, f"{folder}/", folders, before, tally, told, repair=repair)
    for name in _of_nobody("", folders, before, tally):
        logger.warning("inconsistency_found", extra={"kind": Kind.OBJECT_OF_NOBODY, "object_key": name})
        yield Finding(Kind.OBJECT_OF_NOBODY, name)


def _not_indexed(
    owner_id: int,
    folder: str,
    folders: Collection[str],
    before: datetime,
    tally: Tally,
    told: Container[str],
    *,
    repair: bool,
) -> Iterator[Finding]:
    uploads = keys.upload_prefix(folder.removesuffix("/"))
    of_others = tuple(other for other in folders if other != folder and other.startswith(folder))
    listed = (
        one
        for one in objects.list_originals(folder)
        if not one.key.startswith(uploads) and not one.key.startswith(of_others)
    )
    while page := list(islice(listed, PAGE)):
        for one in _unknown(owner_id, page):
            if one.key in told:
                continue
            if one.modified_at > before:
                tally.young += 1
                continue
            if repair:
                created = ObjectCreated(one.key, one.size_bytes, one.etag, version=None, sequencer=None)
                stages.ask_again_for(Lane.BULK, [created])
            logger.warning(
                "inconsistency_found",
                extra={"kind": Kind.OBJECT_NOT_INDEXED, "object_key": one.key, "repaired": repair},
            )
            yield Finding(Kind.OBJECT_NOT_INDEXED, one.key, repaired=repair)


def _unknown(owner_id: int, page: Sequence[Listed]) -> list[Listed]:
    with transaction() as conn:
        known = original_file.list_known(conn, owner_id, [one.key for one in page])
    return [one for one in page if one.key not in known]


def _of_nobody(folder: str, folders: Collection[str], before: datetime, tally: Tally) -> Iterator[str]:
    """Keys of objects, and the largest folders that hold old ones and are no user's."""
    for entry in objects.list_folder(folder):
        if not isinstance(entry, str):
            if entry.modified_at <= before:
                yield entry.key
            else:
                tally.young += 1
        elif entry in folders:
            continue
        elif any(of_user.startswith(entry) for of_user in folders):
            yield from _of_nobody(entry, folders, before, tally)
        elif any(one.modified_at <= before for one in objects.list_originals(entry)):
            yield entry
        elif any(objects.list_originals(entry)):  # a store may list folders in which there is nothing any more
            tally.young += 1
