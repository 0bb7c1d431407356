"""Words and numbers that models need beside their weights."""

from importlib.resources import files


def lines(name: str) -> list[str]:
    """The lines of a table."""
    return (files(__name__) / name).read_text(encoding="utf-8").splitlines()
