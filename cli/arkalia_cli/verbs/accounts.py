"""`arkalia users` and `arkalia keys`: who may come in, and the keys of programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from arkalia_cli.options import Output, OutputOption, SystemOption, Target, verb

if TYPE_CHECKING:
    from arkalia_cli.cluster.asking import Asking

users = typer.Typer(
    no_args_is_help=True,
    help="Who may come in. Asks the gateway with the API key in $ARKALIA_API_KEY, else with your session (`arkalia login`), else as the first administrator, whose Secret you must be allowed to read.",
)
keys = typer.Typer(
    no_args_is_help=True,
    help="API keys of programs. Asks the gateway with the API key in $ARKALIA_API_KEY, else with your session (`arkalia login`), else as the first administrator, whose Secret you must be allowed to read.",
)

UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.")]
WhoseOption = Annotated[
    str | None, typer.Option("--user", help="Whose they are. By default your own.")
]


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key may do, and for how long."""

    scope: Annotated[
        list[str], typer.Option("--scope", help="What it may do; may be given several times.")
    ]
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days after which it expires.")
    ] = None
    user: WhoseOption = None


@users.command("list")
@verb
def list_users(
    target: Target, system: SystemOption = None, output: OutputOption = Output.TEXT
) -> None:
    """Show the users and their roles."""
    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    with _way(target, system) as way:
        found = way.ask("GET", "/users?limit=1000")
    show(output, view.users(found), found)


@users.command("add")
@verb
def add_user(
    name: UserArgument,
    target: Target,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="May be given several times. By default `user`."),
    ] = None,
    system: SystemOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a user, and show the password that was drawn. It is not shown again."""
    import secrets

    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    password = secrets.token_urlsafe(18)
    with _way(target, system) as way:
        body = {"name": name, "roles": role or ["user"], "password": password}
        made = way.ask("POST", "/users", body) | {"password": password}
    show(output, view.new_user(made), made)


@users.command("disable")
@verb
def disable_user(
    name: UserArgument,
    target: Target,
    system: SystemOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a user come in no more; sessions and keys are refused within seconds."""
    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    with _way(target, system) as way:
        changed = way.ask("PATCH", f"/users/{_quoted(name)}", {"disabled": True})
    show(output, view.disabled(changed), changed)


@keys.command("list")
@verb
def list_keys(
    target: Target,
    user: WhoseOption = None,
    system: SystemOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the keys of a user, without their secrets."""
    from arkalia_cli.durations import now
    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    with _way(target, system) as way:
        found = way.ask("GET", f"/keys?user={_quoted(user)}" if user else "/keys")
    show(output, view.keys(found, now()), found)


@keys.command("create")
@verb
def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    new: NewKey,
    target: Target,
    system: SystemOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a key, and show it. It is not shown again."""
    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    body = {"name": name, "scopes": new.scope, "user": new.user, "expires_at": _end(new.days)}
    with _way(target, system) as way:
        made = way.ask("POST", "/keys", body)
    show(output, view.new_key(made), made)


@keys.command("revoke")
@verb
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")],
    target: Target,
    system: SystemOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a key be good no more: the gateway refuses it within seconds."""
    from arkalia_cli.output import show
    from arkalia_cli.views import accounts as view

    with _way(target, system) as way:
        way.ask("DELETE", f"/keys/{_quoted(key_id)}")
    show(output, view.revoked(key_id), {"id": key_id, "revoked": True})


@contextmanager
def _way(target: Target, system: str | None) -> Iterator[Asking]:
    from arkalia_cli.cluster import systems
    from arkalia_cli.cluster.asking import asking
    from arkalia_cli.cluster.connection import connect

    cluster = connect(target.namespace, target.context, target.kubeconfig)
    name = systems.one(cluster, system)["metadata"]["name"]
    with asking(cluster, name) as way:
        yield way


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _end(days: int | None) -> str | None:
    from datetime import UTC, datetime, timedelta

    return None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
