"""A local S3 on disk: `with store.start(directory, ["originals"]) as server: server.endpoint`.

SeaweedFS. An object is on disk (fsync) when its PUT is acknowledged. It knows no bucket notifications: the
gateway is its only client and publishes the events. Of its ports only that of S3 answers to others than itself.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import aws, processes, store_trust
from infra.local.files import write_whole
from infra.local.processes import HOST, Service, ServiceFailed, free_ports, port_is_free
from infra.local.store_trust import write_private

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VOLUMES_SECONDS = 30
PROBE_SECONDS = 2
COMPONENTS = ("master", "volume", "filer", "s3")
ACTIONS = ("Read", "Write", "List", "Tagging")
# Volumes are files that objects are packed into. At 250 of 10 GiB there is room for 2.5 TB.
OPTIONS = [
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-filer",
    "-s3",
    "-disableHttp",  # but for S3
    "-master.telemetry=false",
    "-master.peers=none",  # else it looks for others, which takes seconds
    "-master.volumeSizeLimitMB=10240",
    "-volume.id=pinhole",
    "-volume.max=250",
    "-volume.preStopSeconds=0",
    "-volume.minFreeSpace=256MiB",  # less than the gateway keeps free; its own measure is a hundredth of the disk
    "-filer.localSocket=filer.sock",
    "-s3.config=identities.json",
    "-s3.iam=false",
    "-s3.localSocket=s3.sock",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
]
# A bucket of the administrator's: that an object can be written to it says that the store has found its volumes.
PROBE = "pinhole-start"
SYNC_EVERY_WRITE = "lock\nfs.configure -locationPrefix=/buckets/ -fsync=true -apply\nunlock\n"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key and its secret, as S3 takes them."""

    access_key: str
    secret_key: str = field(repr=False)


def new_credentials() -> Credentials:
    return Credentials(secrets.token_hex(10), secrets.token_urlsafe(30))


class Store(Service):
    """A running store. `credentials` may read, write and list its buckets, and nothing else."""

    stop_signal = signal.SIGKILL  # what it acknowledged is on disk, and to end by itself takes it a quarter of a minute

    def __init__(self, directory: Path, buckets: Sequence[str], credentials: Credentials) -> None:
        self.credentials = credentials
        self._buckets = buckets
        # For what only an administrator may do at start. Nobody else learns it, so each start has its own.
        self._administrator = new_credentials()
        self._ports = _ports_of(directory)
        self.endpoint = f"http://{HOST}:{self._ports['s3.port']}"
        super().__init__(
            "The object store",
            directory,
            [
                *[*_command(), "server", "-dir=data", *OPTIONS, f"-s3.allowedOrigins={self.endpoint}"],
                *[f"-{name}={port}" for name, port in self._ports.items()],
            ],
            environment={
                "HOME": str(directory),
                # Without a limit it takes 3 GB while it receives an object of 1 GiB.
                "GOMEMLIMIT": "768MiB",
                # Volumes that a bucket begins with. It would make seven.
                "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
            },
        )

    def administrator(self) -> "S3Client":
        """A client that may create and configure buckets."""
        return client(self.endpoint, self._administrator)

    def start(self) -> None:
        self._write_configuration()
        super().start()

    def prepare(self) -> None:
        self._sync_every_write()
        administrator = self.administrator()
        existing = {bucket["Name"] for bucket in administrator.list_buckets()["Buckets"]}
        for name in (*self._buckets, PROBE):
            if name not in existing:
                administrator.create_bucket(Bucket=name)
        self._wait_for_volumes()

    def _wait_for_volumes(self) -> None:
        """It answers a moment before it can read and write objects, and may hold a write of that moment for long."""
        administrator = client(self.endpoint, self._administrator, Config(read_timeout=PROBE_SECONDS))
        deadline = time.monotonic() + VOLUMES_SECONDS
        while True:
            try:
                administrator.put_object(Bucket=PROBE, Key="probe", Body=b"probe")
            except (BotoCoreError, ClientError) as error:
                if time.monotonic() > deadline:
                    raise ServiceFailed(f"The object store finds no files ({error}); see {self.log}") from error
                time.sleep(0.05)
            else:
                return

    def ready(self) -> bool:
        try:
            self.administrator().list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def _write_configuration(self) -> None:
        config = self.directory / "config"
        config.mkdir(exist_ok=True)
        store_trust.write(config)
        allowed = [f"{action}:{bucket}" for bucket in self._buckets for action in ACTIONS]
        identities = [
            _identity("pinhole", self.credentials, allowed),
            _identity("administrator", self._administrator, ["Admin"]),
        ]
        write_private(self.directory / "identities.json", json.dumps({"identities": identities}))

    def _sync_every_write(self) -> None:
        """Have every write synced to disk before it is acknowledged. The store keeps this setting."""
        done = self.directory / "syncs-every-write"
        if done.exists():
            return
        addresses = [
            f"-{name}={HOST}:{self._ports[f'{name}.port']}.{self._ports[f'{name}.port.grpc']}"
            for name in ("master", "filer")
        ]
        shell = subprocess.run(
            [*_command(), "shell", *addresses],
            cwd=self.directory,
            env={**os.environ, "HOME": str(self.directory)},
            input=SYNC_EVERY_WRITE,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if shell.returncode != 0 or '"fsync":  true' not in shell.stdout:
            raise ServiceFailed(f"The object store can't be set to sync its writes:\n{shell.stdout}{shell.stderr}")
        done.touch()


def start(directory: Path, buckets: Sequence[str], credentials: Credentials | None = None) -> Store:
    """Start the store of this directory, which is made on first use, with these buckets.

    Raises:
        ServiceFailed: the store did not start.
    """
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / "data").mkdir(exist_ok=True)
    end_leftovers(directory)  # one would still hold the ports
    store = Store(directory, buckets, credentials or new_credentials())
    store.start()
    return store


def end_leftovers(directory: Path) -> None:
    """End a store that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory, Store.stop_signal)


def _ports_of(directory: Path) -> dict[str, int]:
    """The ports of the last start, since the store's records name them, or others if one of them is taken."""
    remembered = directory / "ports.json"
    names = [f"{component}.port{suffix}" for component in COMPONENTS for suffix in ("", ".grpc")]
    if remembered.exists():
        earlier: dict[str, int] = json.loads(remembered.read_text())
        ports = {name: earlier[name] for name in names}
        for _ in range(20):  # a process that was killed just now may hold them a moment longer
            if all(port_is_free(port) for port in ports.values()):
                return ports
            time.sleep(0.05)
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    write_whole(remembered, json.dumps(ports))
    return ports


def _command() -> list[str]:
    weed = shutil.which("weed", path=sysconfig.get_path("scripts"))
    if weed is None:
        raise ServiceFailed("The object store's program, weed, is missing: delete .venv and start again")
    return [weed, "-logtostderr", "-config_dir=config"]


def client(endpoint: str, credentials: Credentials, config: Config | None = None) -> "S3Client":
    """A client of any local S3."""
    own = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}).merge(config or Config())
    s3: S3Client = aws.client("s3", endpoint, credentials.access_key, credentials.secret_key, own)
    return s3


def _identity(name: str, credentials: Credentials, actions: list[str]) -> dict[str, object]:
    keys = {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}
    return {"name": name, "credentials": [keys], "actions": actions}
