"""Numbers of the command line, which refuses others in a sentence."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within these bounds."""
    wanted = f"from {least} up" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ArgumentTypeError(f"{text} is no whole number {wanted}")
        return number

    return read


def seconds(text: str) -> float:
    """Reads a span of time, which may be nothing."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not (number >= 0 and math.isfinite(number)):
        raise ArgumentTypeError(f"{text} is no number of seconds")
    return number


def several(text: str) -> list[int]:
    """Reads whole numbers from 1 up, with commas between them."""
    return [whole(1)(number) for number in text.split(",")]
