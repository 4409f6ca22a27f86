"""`arkalia login` and `arkalia logout`: a session that is kept on the user's machine."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arkalia_cli.errors import CliError, CodeNeededError, MistakeError
from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, tell, verb

if TYPE_CHECKING:
    from pathlib import Path

    from arkalia_cli.cluster.asking import Asking
    from arkalia_cli.sessions import Session

UrlOption = Annotated[
    str | None,
    typer.Option(
        help="URL of the gateway. By default the way through the API server, as `open` has it."
    ),
]


@dataclass(frozen=True, slots=True)
class Proof:
    """Who somebody is, and how they prove it."""

    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Your name. By default you are asked.")
    ] = None
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False
    code: Annotated[
        str | None,
        typer.Option(help="Code of the second factor. By default you are asked, if it takes one."),
    ] = None


@verb
def login(
    target: Target,
    proof: Proof,
    system: SystemArgument = None,
    url: UrlOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Begin a session, which `chat`, `users` and `keys` then use, and keep it on this machine.

    It is renewed by itself until the system ends it, or you do with `arkalia logout`.
    """
    from arkalia_cli import sessions
    from arkalia_cli.cluster import doors, logging_in
    from arkalia_cli.output import show
    from arkalia_cli.views import login as view

    door = doors.of(target, system, url)
    given = _given(proof)
    with door.way() as way:
        session, told = _begun(way, given)
        before = _before(door.session)
        sessions.keep(door.session, session)
        if before is not None:
            with suppress(CliError):  # it may have ended by itself
                logging_in.end(way, before)
    data = {"user": session.user, "session_id": told["session_id"]}
    data |= {"must_enrol": told["must_enrol"], "file": str(door.session)}
    show(output, view.logged_in(data), data)


@verb
def logout(
    target: Target,
    system: SystemArgument = None,
    url: UrlOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """End the session that `arkalia login` has begun, and forget it on this machine."""
    from arkalia_cli import sessions
    from arkalia_cli.cluster import doors, logging_in
    from arkalia_cli.output import show
    from arkalia_cli.views import login as view

    door = doors.of(target, system, url)
    session = _before(door.session)
    sessions.forget(door.session)
    if session is not None:
        with door.way() as way:
            logging_in.end(way, session)
    user = session.user if session else None
    show(output, view.logged_out(user), {"user": user})


def _given(proof: Proof) -> dict[str, str]:
    """Name, password and code, as far as they are known now. Raises MistakeError."""
    user = proof.user or _typed("User", "the user", "--user NAME")
    if proof.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            message = "standard input holds no password"
            raise MistakeError(message, "Its first line is the password.")
    else:
        password = _typed("Password", "the password", "--password-stdin", hide=True)
    code = {"code": proof.code} if proof.code else {}
    return {"user": user, "password": password, **code}


def _begun(way: Asking, given: dict[str, str]) -> tuple[Session, dict[str, Any]]:
    """A session; who has to show a code too, and did not, is asked for it. Raises CliError."""
    from arkalia_cli.cluster import logging_in

    try:
        return logging_in.begin(way, given)
    except CodeNeededError:
        code = _typed("Code of the second factor", "a code of the second factor", "--code CODE")
    return logging_in.begin(way, {**given, "code": code})


def _typed(label: str, what: str, option: str, *, hide: bool = False) -> str:
    """What is typed. Raises MistakeError where nobody types."""
    if not sys.stdin.isatty():
        message = f"{what} is needed, and standard input is no terminal"
        raise MistakeError(message, f"Give it with `{option}`.")
    return str(typer.prompt(label, hide_input=hide, err=True)).strip()


def _before(path: Path) -> Session | None:
    """The session that was kept; one that cannot be read is told, and no hindrance."""
    from arkalia_cli import sessions

    try:
        return sessions.kept(path)
    except MistakeError as error:
        tell(error)
        return None
