"""sharp, which makes the same renditions: https://sharp.pixelplumbing.com, in a node process of its own.

As npm installs it, it reads no HEIC: its libvips comes without a decoder of HEVC.
"""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from infra import bootstrap

HERE = Path(__file__).parent


class Sharp:
    """One warm process, on one thread. Raises CannotStart when Node is missing, or sharp can't be installed.

    largest: where the 1440.webp is that was made last.
    """

    def __init__(self, directory: Path) -> None:
        self.largest = directory / "sharp.webp"
        bootstrap.install_node_packages(HERE)
        self._process = subprocess.Popen(
            ["node", "sharp.mjs", str(self.largest)], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def renditions(self, path: Path) -> tuple[float, int]:
        """Make the three renditions of a photo: milliseconds of CPU time, and their length together."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(path, file=self._process.stdin, flush=True)
        made = json.loads(self._process.stdout.readline())
        return made["milliseconds"], made["bytes"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
