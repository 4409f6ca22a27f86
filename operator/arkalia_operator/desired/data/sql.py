"""What must be applied to PostgreSQL so that every module has its schema, and no other one's.

    <system>_<module>             group: reads and writes the rows of the module's schema
    <system>_<module>_1, _2       two logins in that group: one in use, one for the next password
    <system>_<module>_migrations  owns the schema, and alone may change it

The text can be applied again and again, and is applied as a whole or not at all. It holds SCRAM
verifiers, no password: neither a log of the server nor one of the Job can tell more than a
verifier. What belongs to somebody else is refused, not taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_contract import data as shared
from arkalia_operator.desired import names
from arkalia_operator.desired.data.quoting import identifier, literal

EXTENSIONS: Final = ("uuid-ossp", "unaccent", "pg_trgm", "hstore")
"""Seed 003's; all of them are trusted, so that the database's owner may create them."""
SLOTS: Final = (1, 2)
LOCK: Final = 4_170_411_000
"""Key of the advisory lock: two Jobs take turns. Any number that nobody else takes."""


@dataclass(frozen=True, slots=True)
class SystemDatabase:
    """The database, and the system that it serves."""

    database: str
    namespace: str
    system: str
    is_own: bool = False
    """Whether the operator asked for the server: then it makes the database too."""


@dataclass(frozen=True, slots=True)
class Logins:
    """By what a module gets in."""

    slots: Mapping[int, str]
    """SCRAM verifier by slot; a slot without one cannot log in."""
    migrations: str | None
    """SCRAM verifier of its migrations; None: they cannot log in."""


def provisioning(place: SystemDatabase, modules: Mapping[str, Logins]) -> str:
    """The SQL that gives each of *modules* its schema and its roles."""
    parts = [*(_database(place.database) if place.is_own else ()), _ground(place)]
    for module, logins in sorted(modules.items()):
        parts += [_module(place, module, logins)]
    return "\n".join([*parts, "COMMIT;\n"])


def _database(name: str) -> Iterator[str]:
    """Make the database and go on in it. The server's log does not tell what is said there."""
    wanted = literal(f"CREATE DATABASE {identifier(name)}")
    yield f"SELECT {wanted} WHERE NOT EXISTS"
    yield f"  (SELECT FROM pg_database WHERE datname = {literal(name)}) \\gexec"
    yield "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;"
    yield f"\\connect {identifier(name)}"
    yield "SET log_min_error_statement = panic;"
    yield "SET log_min_duration_statement = -1;"
    yield "SET log_statement = none;"


def _ground(place: SystemDatabase) -> str:
    database, schema = identifier(place.database), identifier(shared.EXTENSIONS)
    lines = [
        "SET client_min_messages = warning;",
        "BEGIN;",
        f"SELECT pg_advisory_xact_lock({LOCK});",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        f"CREATE SCHEMA IF NOT EXISTS {schema};",
        f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC;",
    ]
    lines += [
        f"CREATE EXTENSION IF NOT EXISTS {identifier(each)} SCHEMA {schema};" for each in EXTENSIONS
    ]
    return "\n".join(lines)


def _module(place: SystemDatabase, module: str, logins: Logins) -> str:
    group = names.role(place.system, module)
    owner = names.role_of_migrations(place.system, module)
    entries = [names.role_of_slot(place.system, module, slot) for slot in SLOTS]
    schema = names.schema(module)
    lines = [f"\n-- {module}"]
    lines += [_role(each, _mark(place, module)) for each in (group, owner, *entries)]
    lines += _logins(dict(zip(entries, (logins.slots.get(each) for each in SLOTS), strict=True)))
    lines += _logins({owner: logins.migrations})
    lines += [f"GRANT {identifier(group)} TO {', '.join(map(identifier, entries))};"]
    if not place.is_own:  # who is no superuser must be a member of a role to give it a schema
        lines += [f"GRANT {identifier(owner)} TO CURRENT_USER;"]
    lines += _schema(schema, owner, group)
    lines += _sessions(place.database, schema, [owner, *entries])
    lines += [_connect(place.database, [group, owner])]
    return "\n".join(lines)


def _mark(place: SystemDatabase, module: str) -> str:
    """What a role of ours is marked with."""
    return f"arkalia: module {module} of system {place.namespace}/{place.system}"


def _role(name: str, mark: str) -> str:
    """Make the role, or see that it is ours."""
    refusal = (
        f"role {name} exists and is not marked {mark}: it belongs to somebody else. "
        "Give the system another database server, or another name"
    )
    made = literal(identifier(name))
    return "\n".join(
        [
            "DO $do$ BEGIN",
            f"  IF to_regrole({made}) IS NULL THEN",
            f"    CREATE ROLE {identifier(name)} NOLOGIN INHERIT;",
            f"    COMMENT ON ROLE {identifier(name)} IS {literal(mark)};",
            f"  ELSIF shobj_description(to_regrole({made}), 'pg_authid') "
            f"IS DISTINCT FROM {literal(mark)} THEN",
            f"    RAISE EXCEPTION USING MESSAGE = {literal(refusal)};",
            "  END IF;",
            "END $do$;",
        ]
    )


def _logins(verifiers: Mapping[str, str | None]) -> Iterator[str]:
    for name, verifier in verifiers.items():
        role = identifier(name)
        if verifier is None:
            yield f"ALTER ROLE {role} NOLOGIN PASSWORD NULL;"
        else:
            yield f"ALTER ROLE {role} LOGIN PASSWORD {literal(verifier)};"


def _schema(schema: str, owner: str, group: str) -> Iterator[str]:
    """The schema and what the group may do in it, now and with every table to come."""
    at, by, to = identifier(schema), identifier(owner), identifier(group)
    refusal = (
        f"schema {schema} exists and is not owned by {owner}: it belongs to somebody else. "
        "Give the system a database of its own"
    )
    yield "\n".join(
        [
            "DO $do$ BEGIN",
            f"  IF to_regnamespace({literal(at)}) IS NULL THEN",
            f"    CREATE SCHEMA {at} AUTHORIZATION {by};",
            f"  ELSIF NOT EXISTS (SELECT FROM pg_namespace WHERE oid = to_regnamespace({literal(at)}) "
            f"AND nspowner = to_regrole({literal(by)})) THEN",
            f"    RAISE EXCEPTION USING MESSAGE = {literal(refusal)};",
            "  END IF;",
            "END $do$;",
        ]
    )
    yield f"GRANT USAGE ON SCHEMA {at} TO {to};"
    rows, numbers = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT, UPDATE"
    yield f"GRANT {rows} ON ALL TABLES IN SCHEMA {at} TO {to};"
    yield f"GRANT {numbers} ON ALL SEQUENCES IN SCHEMA {at} TO {to};"
    whose = f"ALTER DEFAULT PRIVILEGES FOR ROLE {by} IN SCHEMA {at}"
    yield f"{whose} GRANT {rows} ON TABLES TO {to};"
    yield f"{whose} GRANT {numbers} ON SEQUENCES TO {to};"


def _sessions(database: str, schema: str, roles: Sequence[str]) -> Iterator[str]:
    path = f"{identifier(schema)}, {identifier(shared.EXTENSIONS)}"
    for role in roles:
        where = f"ALTER ROLE {identifier(role)} IN DATABASE {identifier(database)}"
        yield f"{where} SET search_path = {path};"


def _connect(database: str, roles: Sequence[str]) -> str:
    return (
        f"GRANT CONNECT ON DATABASE {identifier(database)} TO {', '.join(map(identifier, roles))};"
    )
