"""`python -m infra soak`: many clients upload and look while parts are killed at random. Then: is every photo there?

All of it is on this machine, in a library of its own that is deleted afterwards. What it ends by SIGKILL are the
queue, the store, PostgreSQL and processes of functions; the supervisor of `infra up` starts them again.
"""

import io
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
import urllib3
from PIL import Image

from infra.admin import connection
from infra.bench.client import Photo
from infra.bench.rows import progress
from infra.local.instance_process import InstanceProcess
from pinhole_client import Client
from pinhole_client.errors import ClientError

USERS, CLIENTS = 5, 50
PHOTOS, RENEWED_EACH = 10, 3  # of each client: how many, and after how many it renews its session
KILL_SECONDS, LOAD_SECONDS = 45, 70
BETWEEN_KILLS_SECONDS = (3, 8)
# A photo whose ingest was killed is tried again when its lease has ended, three minutes after it began.
QUIET_SECONDS = 220
PARTS = ("postgres", "store", "queue", "IngestFunction", "ApiFunction")
PICTURE = "240.webp"
PASSWORD = "a password of the soak"  # noqa: S105 - of a library that is deleted
UNAUTHORIZED = 401
WRONG = "WRONG: "


@dataclass
class Told:
    """What clients were told. acknowledged: photo by SHA-256, of each user; open: may be there, or not. wrong: what
    no part that is down explains. answers: what was refused, to be tried again. seconds: of what succeeded."""

    acknowledged: dict[str, dict[str, Photo]] = field(default_factory=dict)
    open: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Visitor:
    """One client: it uploads, looks, and renews its session, and tries again whatever a dead part refused."""

    def __init__(self, origin: str, user: str, told: Told, number: int, until: float) -> None:
        self._client, self._user, self._told, self._until = Client(origin), user, told, until
        self._random = random.Random(number)  # noqa: S311 - no secret
        self._number = number
        self._http = urllib3.PoolManager(retries=False)
        self._refresh_token = ""

    def run(self) -> None:
        self._again(self._log_in)
        for number in range(PHOTOS):
            if time.monotonic() > self._until:
                break
            self._again(partial(self._upload, _photo(self._random, self._number, number)))
            self._again(self._look)
            # All come from one address, from which so many renewals are taken.
            if number % RENEWED_EACH == 0:
                self._again(self._renew)
            time.sleep(self._random.uniform(0, 2 * LOAD_SECONDS / PHOTOS))

    def _again(self, call: Callable[[], None]) -> None:
        """Until it succeeds, or the time is up."""
        while True:
            began = time.monotonic()
            try:
                call()
            except ClientError as error:
                self._count(f"{error.status} {error.code}")
                if error.status == UNAUTHORIZED and call != self._log_in:
                    self._again(self._log_in)
                elif not error.passing:
                    self._told.wrong.append(f"{self._user} is told: {error}")
                    return
            except urllib3.exceptions.HTTPError as error:
                self._count(f"0 {type(error).__name__}")
            else:
                with self._told.lock:
                    self._told.seconds.append(time.monotonic() - began)
                return
            if time.monotonic() > self._until:
                return
            time.sleep(self._random.uniform(0.2, 1))

    def _log_in(self) -> None:
        self._begin(self._client.call("POST", "/auth/login", {"name": self._user, "password": PASSWORD}))

    def _renew(self) -> None:
        self._begin(self._client.call("POST", "/auth/refresh", {"refreshToken": self._refresh_token}))

    def _begin(self, tokens: dict[str, Any]) -> None:
        self._client.access_token, self._refresh_token = tokens["accessToken"], tokens["refreshToken"]

    def _upload(self, photo: Photo) -> None:
        sha256 = photo.promise["sha256"]
        with self._told.lock:
            self._told.open[self._user].add(sha256)
        begun = self._client.begin(photo.promise)
        if begun["state"] == "waiting":
            assert begun["method"] == "single", begun
            self._client.put(begun, photo.content, len(photo.content))
        with self._told.lock:
            self._told.acknowledged[self._user][sha256] = photo
            self._told.open[self._user].discard(sha256)

    def _look(self) -> None:
        months = self._client.timeline()["months"]
        if not months:
            return
        month = self._client.call("GET", f"/timeline/{self._random.choice(months)['month']}")
        shown = list(zip(month["ids"], month["itemKeys"], month["versions"], month["signatures"], strict=True))
        if not shown:
            return
        item, key, version, signature = self._random.choice(shown)
        self._client.item(item)
        query = f"e={month['thumbExpires']}&k={month['keyId']}&s={signature}"
        picture = self._http.request("GET", f"{self._client.server}/media/{key}/{version}/{PICTURE}?{query}")
        if picture.status not in {200, 503}:
            self._told.wrong.append(f"a picture of {item} is answered {picture.status}")

    def _count(self, answer: str) -> None:
        with self._told.lock:
            self._told.answers[answer] += 1


def run() -> int:
    """Exit status: 1 where something was lost, is there twice, or is left over."""
    told = Told({name: {} for name in _names()}, {name: set() for name in _names()})
    with tempfile.TemporaryDirectory(prefix="pinhole-soak-") as name:
        data = Path(name) / "data"
        options = ("--parameter", "RequeueStaleSchedule=rate(1 minute)", "--parameter", "StaleAfterSeconds=60")
        progress("Starting an instance")
        with InstanceProcess(data, *options) as instance:
            _register(instance.origin)
            killed = _load(instance, told)
            progress("Waiting until nothing is in work")
            began = time.monotonic()
            in_work = _wait_for_quiet(instance)
            quiet = time.monotonic() - began
            wrong = [
                *told.wrong,
                *([] if any(told.acknowledged.values()) else ["no upload was acknowledged"]),
                *([] if killed else ["nothing was killed"]),
                *in_work,
                *_of_the_tables(instance),
                *(w for name in _names() for w in _of(instance.origin, name, told)),
            ]
    _tell(told, killed, quiet, wrong)
    return 1 if wrong else 0


def _load(instance: InstanceProcess, told: Told) -> Counter[str]:
    progress(f"{CLIENTS} clients of {USERS} users, for {LOAD_SECONDS} s")
    until = time.monotonic() + LOAD_SECONDS
    visitors = [Visitor(instance.origin, f"user {n % USERS}", told, n, until) for n in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        killing = threads.submit(_kill, instance, until - LOAD_SECONDS + KILL_SECONDS)
        for visit in [threads.submit(visitor.run) for visitor in visitors]:
            visit.result()
        return killing.result()


def _kill(instance: InstanceProcess, until: float) -> Counter[str]:
    """End parts at random, hard. How often each."""
    killed: Counter[str] = Counter()
    parts: list[str] = []
    while time.monotonic() < until:
        time.sleep(random.uniform(*BETWEEN_KILLS_SECONDS))  # noqa: S311
        # Each in its turn: what ends again and again is started again after longer and longer pauses.
        parts = parts or random.sample(PARTS, len(PARTS))
        part = parts.pop()
        victims = [process for process in instance.processes()[1:] if _is(process, part, instance.data)]
        if victims:
            random.choice(victims).kill()  # noqa: S311
            killed[part] += 1
            progress(f"Killed: {part}")
    return killed


def _is(process: psutil.Process, part: str, data: Path) -> bool:
    """Whether it is the first process of this service, or one of this function."""
    try:
        if part.endswith("Function"):
            return process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == part
        above = process.parent()
        return _lies_in(process, data / part) and above is not None and not _lies_in(above, data / part)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _lies_in(process: psutil.Process, directory: Path) -> bool:
    return Path(process.cwd()).is_relative_to(directory)


def _wait_for_quiet(instance: InstanceProcess) -> list[str]:
    """Wait until no job waits or runs and no upload lacks its photo; what does even then."""
    deadline = time.monotonic() + QUIET_SECONDS
    while (in_work := _in_work(instance)) and time.monotonic() < deadline:
        time.sleep(1)
    return in_work


def _in_work(instance: InstanceProcess) -> list[str]:
    with connection.to_data(instance.data) as admin:
        jobs = [
            f"{stage['waiting']} waiting and {stage['running']} running of {stage['stage']}"
            for stage in admin("jobs", {})
            if stage["stage"] in {"metadata", "renditions"} and stage["waiting"] + stage["running"]
        ]
    (received,) = _asked(instance, "SELECT count(*) FROM upload WHERE state = 'received'")[0]
    return jobs + ([f"{received} uploads received and not ended"] if received else [])


def _of_the_tables(instance: InstanceProcess) -> list[str]:
    """What verify finds, also of what is young, and connections that hold a transaction open."""
    with connection.to_data(instance.data) as admin:
        checked = admin("verify", {"repair": False})
    wrong = [f"verify: {finding}" for finding in checked["findings"]]
    wrong += [f"verify: {checked['young']} more that are young"] if checked["young"] else []
    held = _asked(instance, "SELECT query FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
    return wrong + [f"a transaction is left open after: {query}" for (query,) in held]


def _of(origin: str, user: str, told: Told) -> list[str]:
    """Whether each photo that was acknowledged to a user is one item, with the bytes that were sent; and no others."""
    client = Client(origin)
    client.log_in(user, PASSWORD)
    acknowledged = told.acknowledged[user]
    item_of = client.existing(list(acknowledged)) if acknowledged else {}
    wrong = [f"lost: {acknowledged[sha].filename} of {user}" for sha in acknowledged.keys() - item_of.keys()]
    shown = [
        item
        for month in client.timeline()["months"]
        for item in client.call("GET", f"/timeline/{month['month']}")["ids"]
    ]
    wrong += [
        f"not shown: {acknowledged[sha].filename} of {user}" for sha, item in item_of.items() if item not in shown
    ]
    may_be_there = client.existing(list(told.open[user])) if told.open[user] else {}
    wrong += [
        f"there twice, or from nowhere: {item} of {user}"
        for item in (Counter(shown) - Counter([*item_of.values(), *may_be_there.values()]))
    ]
    http = urllib3.PoolManager()
    by_item = {item: acknowledged[sha] for sha, item in item_of.items()}
    ids = list(by_item)
    for begin in range(0, len(ids), 50):
        for file in client.call("POST", "/originals", {"ids": ids[begin : begin + 50]})["files"]:
            if http.request("GET", file["url"]).data != by_item[file["itemId"]].content:
                wrong.append(f"other bytes: {file['filename']} of {user}")
    return wrong


def _asked(instance: InstanceProcess, query: LiteralString) -> list[tuple[Any, ...]]:
    """The answer of the instance's database, which its functions know how to reach."""
    for process in instance.processes():
        if _is(process, "ApiFunction", instance.data):
            with psycopg.connect(process.environ()["PINHOLE_DATABASE_URL"]) as conn:
                return conn.execute(query).fetchall()
    raise RuntimeError("the instance has no process of the api")


def _register(origin: str) -> None:
    """An administrator, and by invites all others."""
    administrator = Client(origin)
    administrator.register("administrator", PASSWORD)
    for name in _names():
        token = administrator.call("POST", "/admin/invites", {})["token"]
        Client(origin).call("POST", "/auth/register", {"name": name, "password": PASSWORD, "inviteToken": token})


def _names() -> list[str]:
    return [f"user {number}" for number in range(USERS)]


def _photo(source: random.Random, client: int, number: int) -> Photo:
    """A small JPEG that no other is."""
    file = io.BytesIO()
    Image.frombytes("RGB", (48, 32), source.randbytes(48 * 32 * 3)).save(file, "JPEG")
    return Photo(f"IMG_{client:02}{number:02}.jpg", file.getvalue())


def _tell(told: Told, killed: Counter[str], quiet: float, wrong: list[str]) -> None:
    counted = sum(map(len, told.acknowledged.values()))
    print(f"{counted} uploads acknowledged, {sum(map(len, told.open.values()))} left open")
    print("killed: " + (", ".join(f"{part} {times} times" for part, times in sorted(killed.items())) or "nothing"))
    print("refused: " + (", ".join(f"{times} × {answer}" for answer, times in told.answers.most_common()) or "nothing"))
    if seconds := sorted(told.seconds):
        middle, most = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
        print(f"what succeeded took {middle:.2f} s (p50), {most:.2f} s (p95)")
    print(f"nothing in work {quiet:.0f} s after the last client")
    print(
        "\n".join(WRONG + each for each in wrong)
        or "Every acknowledged upload is one item with its bytes, and nothing is left over"
    )
