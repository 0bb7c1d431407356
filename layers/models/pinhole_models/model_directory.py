"""Where model sets lie, for all checkouts on a machine. It needs nothing: the bench runs where little is installed."""

import os
from pathlib import Path


def default_directory() -> Path:
    """The directory, unless another is named: in the cache of whoever runs this."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pinhole" / "models"
