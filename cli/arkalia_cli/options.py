"""What every verb takes: where to look and how to answer. Errors become messages and exit codes here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from arkalia_cli.completion import systems_here
from arkalia_cli.errors import CliError

WHERE: Final = "Where to look"


class Output(StrEnum):
    """How a verb answers."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Place:
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


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """*function* as a command: its parameter `place` is spelled out as the options of `Place`."""
    signature = inspect.signature(function, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "place"]
    located = len(own) < len(signature.parameters)

    @functools.wraps(function)
    def command(**given: Any) -> None:
        if located:
            given["place"] = Place(**{each.name: given.pop(each.name) for each in fields(Place)})
        try:
            function(**given)
        except CliError as error:
            _tell(error)
            raise typer.Exit(error.code) from None

    shared = inspect.signature(Place, eval_str=True).parameters.values() if located else ()
    spelled = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared)]
    command.__signature__ = inspect.Signature(spelled)  # type: ignore[attr-defined]
    return command


def _tell(error: CliError) -> None:
    typer.secho(f"Error: {error}", fg="red", err=True)
    if error.hint:
        typer.echo(error.hint, err=True)
