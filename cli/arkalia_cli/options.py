"""What every verb takes: where to look and how to answer.

Errors become messages and exit codes here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, cast

import typer

from arkalia_cli.completion import systems_here
from arkalia_cli.durations import seconds
from arkalia_cli.errors import CliError

WHERE: Final = "Where to look"


class Output(StrEnum):
    """How a verb answers."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Target:
    """The cluster and the namespace that a command is about; None is what kubectl would take."""

    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            "-n",
            help="Namespace of the system. By default the one of the context.",
            rich_help_panel=WHERE,
        ),
    ] = None
    context: Annotated[
        str | None,
        typer.Option(
            help="Context of the kubeconfig. By default the current one.", rich_help_panel=WHERE
        ),
    ] = None
    kubeconfig: Annotated[
        str | None,
        typer.Option(
            help="Path of the kubeconfig. By default $KUBECONFIG, else ~/.kube/config.",
            rich_help_panel=WHERE,
        ),
    ] = None


OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="`json` for programs, `text` for people.")
]
SystemArgument = Annotated[
    str | None,
    typer.Argument(
        help="Name of the system. May be left out where the namespace has one.",
        autocompletion=systems_here,
        show_default=False,
    ),
]

SystemOption = Annotated[
    str | None,
    typer.Option(
        "--system",
        help="Name of the system. May be left out where the namespace has one.",
        autocompletion=systems_here,
        show_default=False,
        rich_help_panel=WHERE,
    ),
]


def _span(text: str) -> str:
    try:
        seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


SinceOption = Annotated[
    str | None,
    typer.Option(
        parser=_span, metavar="SPAN", help="Only what is younger: 90s, 5m, 1h30m, 2d.",
        show_default=False,
    ),
]  # fmt: skip


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """*function* as a command: a parameter that is a dataclass is spelled out as its fields."""
    signature = inspect.signature(function, eval_str=True)
    groups: dict[str, type[Any]] = {
        each.name: cast("type[Any]", each.annotation)
        for each in signature.parameters.values()
        if is_dataclass(each.annotation)
    }

    @functools.wraps(function)
    def command(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in fields(group)})
        try:
            function(**given)
        except CliError as error:
            tell(error)
            raise typer.Exit(error.code) from None

    own = [each for each in signature.parameters.values() if each.name not in groups]
    grouped = [
        each
        for group in groups.values()
        for each in inspect.signature(group, eval_str=True).parameters.values()
    ]
    spelled = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *grouped)]
    command.__signature__ = inspect.Signature(spelled)  # type: ignore[attr-defined]
    return command


def tell(error: CliError) -> None:
    """Write what went wrong, and what to do, to standard error."""
    typer.secho(f"Error: {error}", fg="red", err=True)
    if error.hint:
        typer.echo(error.hint, err=True)
