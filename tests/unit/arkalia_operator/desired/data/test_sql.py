"""What is applied to PostgreSQL, on a real one: nobody gets more than their own."""

import itertools
import subprocess

import psycopg
import pytest

from arkalia_operator.cluster.passwords import scram
from arkalia_operator.desired.data.sql import EXTENSIONS, Logins, SystemDatabase, provisioning
from data_services import POSTGRESQL_PROGRAMS, a_postgresql

FIRST, SECOND, MOVES = (scram(each, b"0123456789abcdef") for each in ("first", "second", "moves"))
LOGINS = Logins({1: FIRST}, MOVES)
NUMBERS = itertools.count()
ONE_ROW = "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('mine')"


class Database:
    """A database that a system has to itself."""

    def __init__(self, server):
        number = next(NUMBERS)
        self.server = server
        self.place = SystemDatabase(f"arkalia-{number}", "arkalia", f"luna{number}", is_own=True)

    def apply(self, **modules):
        named = {name.replace("_", "-"): each for name, each in modules.items()}
        self.run(provisioning(self.place, named))

    def run(self, text):
        """As the Job does it. The test's server has no contributed extensions."""
        lines = [each for each in text.splitlines() if not each.startswith("CREATE EXTENSION")]
        answer = subprocess.run(
            [POSTGRESQL_PROGRAMS / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
             "-h", self.server.folder, "-U", "postgres", "postgres"],
            input="\n".join(lines), capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        if answer.returncode:
            raise RuntimeError(answer.stderr)

    def ask(self, role, password, statement):
        """What *statement* gives the role of this system that ends on *role*."""
        user = f"{self.place.system}_{role}"
        arguments = {"host": str(self.server.folder), "dbname": self.place.database}
        with psycopg.connect(**arguments, user=user, password=password) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def server():
    """A server of these tests alone: what they apply takes the rights of everybody else."""
    with a_postgresql() as own:
        yield own


@pytest.fixture
def database(server):
    return Database(server)


def test_module_reads_and_writes_what_its_migrations_made(database):
    database.apply(alpha=LOGINS)
    database.ask("alpha_migrations", "moves", ONE_ROW)

    database.ask("alpha_1", "first", "UPDATE notes SET text = 'changed'")

    assert database.ask("alpha_1", "first", "TABLE notes") == [("changed",)]


def test_text_can_be_applied_again_and_again(database):
    database.apply(alpha=LOGINS)
    database.ask("alpha_migrations", "moves", ONE_ROW)

    database.apply(alpha=LOGINS, beta_gamma=LOGINS)

    assert database.ask("alpha_1", "first", "TABLE notes") == [("mine",)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x int)",
        "DROP TABLE notes",
        "CREATE TABLE public.more (x int)",
        "CREATE SCHEMA more",
        "TABLE beta.notes",
        "CREATE TABLE beta.more (x int)",
        "SELECT rolpassword FROM pg_authid",
        "SET ROLE postgres",
    ],
)
def test_module_can_do_nothing_but_read_and_write_its_rows(database, statement):
    database.apply(alpha=LOGINS, beta=LOGINS)
    for each in ("alpha", "beta"):
        database.ask(f"{each}_migrations", "moves", ONE_ROW)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.ask("alpha_1", "first", statement)


def test_module_cannot_enter_the_administrators_database(database):
    database.apply(alpha=LOGINS)

    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        psycopg.connect(
            host=str(database.server.folder),
            dbname="postgres",
            user=f"{database.place.system}_alpha_1",
            password="first",
        )


def test_both_passwords_are_good_while_one_follows_the_other(database):
    database.apply(alpha=Logins({1: FIRST, 2: SECOND}, MOVES))

    users = [
        database.ask(f"alpha_{slot}", password, "SELECT session_user")
        for slot, password in ((1, "first"), (2, "second"))
    ]

    system = database.place.system
    assert users == [[(f"{system}_alpha_1",)], [(f"{system}_alpha_2",)]]


@pytest.mark.parametrize(
    ("left", "role", "password"),
    [
        (Logins({2: SECOND}, MOVES), "alpha_1", "first"),
        (Logins({}, None), "alpha_1", "first"),
        (Logins({1: FIRST}, None), "alpha_migrations", "moves"),
    ],
)
def test_login_without_a_password_ends(database, left, role, password):
    database.apply(alpha=LOGINS)

    database.apply(alpha=left)

    with pytest.raises(psycopg.OperationalError):
        database.ask(role, password, "SELECT 1")


def test_role_of_somebody_else_is_refused_and_nothing_is_changed(database):
    database.server.admin(f"CREATE ROLE {database.place.system}_alpha")

    with pytest.raises(RuntimeError, match="belongs to somebody else"):
        database.apply(alpha=LOGINS)

    found = database.server.admin("SELECT rolname FROM pg_roles")
    assert (f"{database.place.system}_alpha_1",) not in found


def test_schema_of_somebody_else_is_refused(database):
    database.apply(beta=LOGINS)
    database.run(f'\\connect "{database.place.database}"\nCREATE SCHEMA alpha;')

    with pytest.raises(RuntimeError, match=r"schema alpha exists.*belongs to somebody else"):
        database.apply(alpha=LOGINS)


def test_external_database_is_prepared_by_who_is_no_superuser(database):
    place = database.place
    database.server.admin(f"CREATE ROLE {place.system} LOGIN CREATEROLE PASSWORD 'admin'")
    database.server.admin(f'CREATE DATABASE "{place.database}" OWNER {place.system}')
    text = provisioning(
        SystemDatabase(place.database, place.namespace, place.system), {"alpha": LOGINS}
    )
    lines = [each for each in text.splitlines() if not each.startswith("CREATE EXTENSION")]

    with psycopg.connect(
        host=str(database.server.folder), dbname=place.database, user=place.system, password="admin"
    ) as connection:
        connection.execute("\n".join(lines))

    database.ask("alpha_migrations", "moves", ONE_ROW)
    assert database.ask("alpha_1", "first", "TABLE notes") == [("mine",)]


def test_every_extension_is_asked_for_outside_of_the_modules_schemas():
    text = provisioning(SystemDatabase("arkalia", "arkalia", "luna"), {})

    for each in EXTENSIONS:
        assert f'CREATE EXTENSION IF NOT EXISTS "{each}" SCHEMA "extensions";' in text
