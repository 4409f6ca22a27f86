"""The verbs of the command line, in the order in which they are needed."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from arkalia_cli.errors import Exit
from arkalia_cli.verbs.accounts import keys, users
from arkalia_cli.verbs.approve import approve
from arkalia_cli.verbs.chat import chat
from arkalia_cli.verbs.completion import completion
from arkalia_cli.verbs.doctor import doctor
from arkalia_cli.verbs.events import events
from arkalia_cli.verbs.explain import explain
from arkalia_cli.verbs.login import login, logout
from arkalia_cli.verbs.logs import logs
from arkalia_cli.verbs.open import open_
from arkalia_cli.verbs.pause import pause, resume
from arkalia_cli.verbs.plan import plan
from arkalia_cli.verbs.report import report
from arkalia_cli.verbs.status import status

EXITS = "  \n".join(f"{code.value}: {code.meaning}" for code in Exit)

app = typer.Typer(
    name="arkalia",
    help="Shows what an ArkaliaSystem does and why. It works with your own rights, and writes nothing but what `approve`, `pause`, `resume`, `users`, `keys`, `login`, `logout` and `chat` say.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes:\n\n{EXITS}",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"arkalia {version('arkalia-cli')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    """What all verbs share."""


for command in (
    status, logs, events, open_, login, logout, chat, plan, approve, pause, resume, report, doctor, explain,
    completion,
):  # fmt: skip
    app.command(command.__name__.rstrip("_"))(command)
for name, group in (("users", users), ("keys", keys)):
    app.add_typer(group, name=name)
