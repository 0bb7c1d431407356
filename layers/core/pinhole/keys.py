"""The grammar of object keys: who owns a key, which upload or item it is of.

Originals: `{folder}/…`, of which `{folder}/uploads/{upload id}/{name}` is what Pinhole itself asked for. Renditions:
`{item key}/{version}/{name}`.
"""

import re

from pinhole.filenames import key_name

_UPLOAD = re.compile(r"/uploads/([0-9A-Za-z]{12})/[^/]+\Z")


def upload_prefix(folder: str) -> str:
    """What the keys of all uploads of the user with this folder begin with."""
    return f"{folder}/uploads/"


def upload_key(folder: str, upload_id: str, filename: str) -> str:
    """Where an upload's bytes are to land, under the folder of its owner."""
    return f"{upload_prefix(folder)}{upload_id}/{key_name(filename)}"


def upload_of(key: str) -> str | None:
    """Id of the upload that `upload_key` would have made this key for; None for a key of another form.

    By its end alone, since whose folder is before it is not known here: for logs. Whether an upload made the key is
    told by `upload_prefix` of its owner.
    """
    found = _UPLOAD.search(key)
    return found[1] if found else None


def is_folder_mark(key: str, size_bytes: int) -> bool:
    """Whether an object only stands for a folder, as consoles and mounted buckets make them: it is no file."""
    return key.endswith("/") and size_bytes == 0


def folders_of(key: str) -> list[str]:
    """Every prefix of a key at a path boundary: one of them is its owner's folder, if it has an owner."""
    parts = key.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def rendition_key(item_key: str, version: int, name: str) -> str:
    """Where a rendition lies."""
    return f"{item_key}/{version}/{name}"
