"""Files that are there whole or not at all."""

import os
from pathlib import Path

UNFINISHED = ".new"


def write_whole(path: Path, text: str) -> None:
    """Write a private file that is there whole or not at all, whenever the power goes."""
    unfinished = path.with_name(path.name + UNFINISHED)
    unfinished.touch(mode=0o600)
    with unfinished.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
