"""What `pinhole-upload` says: a bar on a terminal, lines elsewhere, and what became of the files at the end."""

import sys
import time
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pinhole_client.upload.finding import Finder, shown, spelled
from pinhole_client.upload.outcomes import Counts

_LINE_SECONDS = 10.0
_TROUBLE_SECONDS = 60.0


class Telling:
    """Progress goes to standard error; what a script may want to read goes to standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._bar: Progress | None = None
        self._next_line = time.monotonic() + _LINE_SECONDS
        self._troubles: dict[str, float] = {}
        if self._console.is_terminal:
            columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=None)

    def live(self) -> AbstractContextManager[object]:
        """Within it the bar is shown, where there is one."""
        return nullcontext() if self._bar is None else self._bar

    def draw(self, counts: Counts) -> None:
        """Something may have changed."""
        if self._bar is not None:
            total = counts.bytes_to_read + counts.bytes_to_send
            done = counts.bytes_read + counts.bytes_sent
            self._bar.update(self._task, description=_so_far(counts), total=total or None, completed=done)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_SECONDS
            self.say(_so_far(counts))

    def trouble(self, sentence: str) -> None:
        """It waits for this to pass. Many wait for the same."""
        now = time.monotonic()
        if now - self._troubles.get(sentence, -_TROUBLE_SECONDS) >= _TROUBLE_SECONDS:
            self._troubles[sentence] = now
            self.say(f"{sentence} Trying again.")

    def would_send(self, path: str) -> None:
        """Of a run that sends nothing: it would be sent."""
        sys.stdout.write(f"{shown(path)}\n")

    def say(self, line: str) -> None:
        """A line. What is in it of a server's text writes nothing else to the terminal."""
        self._console.print(spelled(line), soft_wrap=True)

    def end(self, counts: Counts, finder: Finder, *, dry_run: bool) -> None:
        """What became of the files, and what was left out."""
        for path, why in sorted(counts.failed):
            self.say(f"{shown(path)}: {why}")
        left_out = finder.left_out
        if left_out.sidecars:
            self.say(f"{_files(left_out.sidecars, 'sidecar')} left out: nothing reads them yet")
        if left_out.other_names:
            self.say(f"{_files(left_out.other_names)} left out: by their names no photos or videos")
        if left_out.links:
            self.say(f"{_files(left_out.links, 'link')} left out: to files that are among these by their own names")
        done = f"to send ({_bytes(counts.bytes_to_send)})" if dry_run else "added"
        self.say(f"{_files(counts.added)} {done}, {counts.there:,} there already{_same(counts)}{_failed(counts)}")


def _so_far(counts: Counts) -> str:
    ended = counts.added + counts.there + counts.same
    sent = f", {_bytes(counts.bytes_sent)} of {_bytes(counts.bytes_to_send)} sent" if counts.to_send else ""
    return f"{counts.looked_at:,} of {_files(counts.files)} read{sent}, {ended:,} done{_failed(counts)}"


def _same(counts: Counts) -> str:
    if counts.same == 0:
        return ""
    return f", {counts.same:,} the same as {'another' if counts.same == 1 else 'others'} of these files"


def _failed(counts: Counts) -> str:
    return f", {len(counts.failed):,} failed" if counts.failed else ""


def _files(number: int, word: str = "file") -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _bytes(number: int) -> str:
    size = float(max(number, 0))
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
