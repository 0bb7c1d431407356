"""Chromium, as checks and measurements of the page find and start it."""

import os
import shutil

# The first is the same browser without windows, of whose own pages the others draw one for each of a test.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The path of one that is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def arguments(*others: str) -> list[str]:
    """What it is started with: these, without a graphics card, and without its sandbox where root starts it."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--disable-gpu", *others, *(["--no-sandbox"] if is_root else [])]
