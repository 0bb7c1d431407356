"""Lists of photos: the timeline and those beside it. Which items are in each, in which order, and how it is cut.

timeline: what is listed.
favourites: every visible favourite, since who marked it looks for it here: also one that is archived, below the top of
    its stack, or kept out of the timeline by an album.
archive: what is archived; of a stack its top, as in the timeline.
trash: what was thrown away, each item by itself, since each may be taken back. By when it was thrown away, then by
    capture, for what went at once.
recent: what is listed, by when it arrived.
folder: every visible item that lies in the folder itself, also one that is archived or below the top: it is a place.

All but trash and recent are ordered by capture, the newest first; at the same moment the greater id comes first. A
section is a month, of what a list is ordered by: of capture by the clock on the wall, else by UTC.
"""

from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable

from pinhole import access
from pinhole.errors import FieldError, Invalid, NotFound
from pinhole.filenames import displayable_folder, folder_key

MAX_PATH_CHARACTERS = 4096  # of what a client may send as the path of a file, too


@dataclass(frozen=True, slots=True)
class _Kind:
    """where: a condition on media_item. moments: what it is ordered by before the id, each falling.

    came_by, came_to_section_by: transactions by which an item came into it, and into its section.
    """

    where: Composable
    came_by: tuple[SQL, ...]
    section: SQL
    moments: tuple[SQL, ...]
    came_to_section_by: tuple[SQL, ...] = ()


_PLACED = (SQL("media_item.placed_by"),)
_SHOWN = (SQL("media_item.shown_by"),)
_OF_CAPTURE = SQL("media_item.month"), (SQL("media_item.sort_timestamp"),), (SQL("media_item.dated_by"),)
_KINDS = {
    "timeline": _Kind(access.LISTED, _PLACED, *_OF_CAPTURE),
    "favourites": _Kind(
        SQL("({} AND media_item.favourite)").format(access.MAY_SEE),
        (*_SHOWN, SQL("media_item.favoured_by")),
        *_OF_CAPTURE,
    ),
    "archive": _Kind(
        SQL("({} AND media_item.visibility = 'archive' AND NOT media_item.below_top)").format(access.MAY_SEE),
        _PLACED,
        *_OF_CAPTURE,
    ),
    "trash": _Kind(
        access.TRASHED,
        _PLACED,
        SQL("date_trunc('month', media_item.trashed_at AT TIME ZONE 'UTC')::date"),
        (SQL("media_item.trashed_at"), SQL("media_item.sort_timestamp")),
    ),
    "recent": _Kind(
        access.LISTED,
        _PLACED,
        SQL("date_trunc('month', media_item.created_at AT TIME ZONE 'UTC')::date"),
        (SQL("media_item.created_at"),),
    ),
    "folder": _Kind(SQL("({} AND media_item.folder = %(folder)s)").format(access.MAY_SEE), _SHOWN, *_OF_CAPTURE),
}


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list by its name, as the table above has them; a folder by its path too, where '' is the top.

    The path is kept in the form of `filenames.displayable_folder`, so that lists are equal where they are the same.
    Raises NotFound for another name, and Invalid (field `path`) where a folder has none, or another list has one.
    """

    name: str
    path: str | None = None

    def __post_init__(self) -> None:
        if self.name not in _KINDS:
            raise NotFound("There is no such list.")
        if (self.path is None) == (self.name == "folder"):
            raise _wrong_path("is missing" if self.path is None else "is only of a folder")
        if self.path is not None:
            object.__setattr__(self, "path", displayable_folder(self.path))

    @property
    def where(self) -> Composable:
        """The condition on `media_item` by which an item is in it. It takes `parameters`."""
        return _KINDS[self.name].where

    @property
    def came_by(self) -> tuple[Composable, ...]:
        """Columns of `media_item`: transactions by which an item came into it last; null before all that are told."""
        return _KINDS[self.name].came_by

    @property
    def came_to_section_by(self) -> tuple[Composable, ...]:
        """The same of its section, where that can change while it stays in the list."""
        return _KINDS[self.name].came_to_section_by

    @property
    def section(self) -> Composable:
        """The expression on `media_item` that says in which section an item is: the first day of a month, as date."""
        return _KINDS[self.name].section

    @property
    def moments(self) -> tuple[Composable, ...]:
        """The columns of `media_item` that it is ordered by, each falling, before `id desc`: one or two timestamptz."""
        return _KINDS[self.name].moments

    @property
    def is_of_timeline(self) -> bool:
        """Whether it holds what the timeline holds: then no more happens to it than to the timeline."""
        return _KINDS[self.name].where is access.LISTED

    @property
    def order(self) -> Composable:
        """What stands behind ORDER BY, newest first."""
        return SQL(", ").join(SQL("{} DESC").format(column) for column in (*self.moments, SQL("media_item.id")))

    def parameters(self, viewer_id: int) -> dict[str, Any]:
        """What `where` takes, by name: `viewer_id`, and of a folder `folder`."""
        own = {} if self.path is None else {"folder": folder_key(self.path)}
        return {"viewer_id": viewer_id, **own}


TIMELINE = ItemList("timeline")


def _wrong_path(message: str) -> Invalid:
    return Invalid("There is no such list of photos.", FieldError("path", message))
