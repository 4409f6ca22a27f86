"""`arkalia chat`: questions to the models of a system, with the score of each answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from arkalia_cli import sessions
from arkalia_cli.errors import CliError, ForbiddenError, MistakeError
from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, tell, verb

if TYPE_CHECKING:
    from arkalia_cli.cluster.chatting import Assistant
    from arkalia_cli.cluster.doors import Door

OF_A_KEY: Final = "The file of a key holds the key and nothing else."
OF_A_TEXT: Final = "Name a file with text."
MOST_HISTORY: Final = 40
"""Messages that go along where the system does not keep them."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is asked, and of which model."""

    message: Annotated[
        str | None,
        typer.Option("--message", "-m", help="One question. Without it, one for each line."),
    ] = None
    model: Annotated[str, typer.Option(help="A model or an alias. By default the first.")] = ""
    conversation: Annotated[
        str, typer.Option(help="A conversation of yours that goes on. By default a new one.")
    ] = ""
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Whether the system keeps what is said.")
    ] = True
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--file", help="A text that the answers may stand on; may be given several times."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Gate:
    """How to come in."""

    key_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the API key. By default $ARKALIA_API_KEY, else your session (`arkalia login`), else you are asked for it."
        ),
    ] = None
    url: Annotated[
        str | None,
        typer.Option(
            help="URL of the gateway. By default the way through the API server, as `open` has it."
        ),
    ] = None


@verb
def chat(
    target: Target,
    talk: Talk,
    gate: Gate,
    system: SystemArgument = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Ask the models of a system, and show how far each answer can be trusted.

    The answer goes to standard output as it is said; its score with the reasons, the model and the
    time to standard error. With `--output json` each answer is one line with all that is told of it.
    Ctrl-C ends an answer, Ctrl-D the conversation.
    """
    chatting = _Chatting(_assistant(target, gate, system), talk, output)
    if talk.message is not None:
        chatting.ask(talk.message)
        return
    if _at_a_terminal():
        chatting.talk()
        return
    for line in filter(None, map(str.strip, sys.stdin)):
        chatting.ask(line)


@dataclass
class _Chatting:
    """A conversation, as it goes on."""

    assistant: Assistant
    wanted: Talk
    output: Output
    history: list[dict[str, str]] = field(default_factory=list)
    context: list[dict[str, str]] = field(default_factory=list)
    conversation: str = ""
    is_kept: bool = True

    def __post_init__(self) -> None:
        self.conversation = self.wanted.conversation
        self.context = [
            {"name": each.name, "text": _read(each, OF_A_TEXT)} for each in self.wanted.files or ()
        ]

    def talk(self) -> None:
        """Ask what is typed, until Ctrl-D; what goes wrong is told, and the talk goes on."""
        from arkalia_cli.views import chat as view

        typer.echo("Ctrl-C ends an answer, Ctrl-D the conversation.", err=True)
        for question in _typed():
            try:
                self.ask(question)
            except ForbiddenError:
                raise
            except CliError as error:
                tell(error)
            except KeyboardInterrupt:
                typer.echo("", err=True)
        if self.conversation and self.is_kept and self.history:
            typer.echo(view.go_on(self.conversation), err=True)

    def ask(self, question: str) -> None:
        """Show the answer to *question*. Raises CliError."""
        from arkalia_cli.views import chat as view

        words: list[str] = []

        def say(word: str) -> None:
            # A model's first word begins with the space that would be before it.
            shown = view.shown(word) if any(words) else view.shown(word).lstrip()
            words.append(shown)
            if self.output is Output.TEXT:
                print(shown, end="", flush=True)

        try:
            told = self.assistant.ask(self._body(question), say)
        finally:
            if words and self.output is Output.TEXT:
                print(flush=True)
        answer = "".join(words)
        self._remember(question, answer, told)
        if self.output is Output.JSON:
            print(json.dumps({"answer": answer, **told}, ensure_ascii=False), flush=True)
        else:
            typer.secho(view.beside(told), dim=True, err=True)

    def _body(self, question: str) -> dict[str, Any]:
        body: dict[str, Any] = {"message": question, "keep": self.wanted.keep}
        if self.wanted.model:
            body["model"] = self.wanted.model
        if self.conversation:
            body["conversation_id"] = self.conversation
        if self.context:
            body["context"] = self.context
        # What the system keeps it knows by itself; otherwise it has to be told.
        return body if self.is_kept else body | {"history": self.history}

    def _remember(self, question: str, answer: str, told: dict[str, Any]) -> None:
        said = {"user": question, "assistant": answer}
        self.history += [{"role": role, "content": text} for role, text in said.items()]
        del self.history[:-MOST_HISTORY]
        self.conversation = told["conversation_id"]
        self.is_kept = self.is_kept and told["kept"]["status"] == "kept"


def _assistant(target: Target, gate: Gate, system: str | None) -> Assistant:
    from arkalia_cli.cluster import chatting, doors

    key = _given(gate)
    door = doors.of(target, system, gate.url)
    if key is None and sessions.kept(door.session) is not None:
        return chatting.behind(door, lambda: _token(door))
    known = key or _asked_for()
    return chatting.behind(door, lambda: known)


def _token(door: Door) -> str:
    """A token of the session, good for one more question. Raises CliError."""
    from arkalia_cli.cluster import logging_in

    with door.way() as way:
        token = logging_in.token(way, door.session)
    if token is None:
        raise ForbiddenError(logging_in.ENDED, logging_in.AGAIN)
    return token


def _given(gate: Gate) -> str | None:
    """The API key, if one is given. It is no argument: those are shown to all on the machine."""
    from arkalia_cli.cluster.asking import API_KEY

    if gate.key_file is not None:
        return _plain(_read(gate.key_file, OF_A_KEY), f"the file {gate.key_file}")
    key = os.environ.get(API_KEY)
    return _plain(key, f"${API_KEY}") if key else None


def _asked_for() -> str:
    """The API key that is typed. Raises MistakeError where nobody types."""
    from arkalia_cli.cluster.asking import API_KEY

    if not sys.stdin.isatty():
        message = "no API key is given, and nobody is logged in"
        hint = f"Log in with `arkalia login`, name a file with `--key-file`, or set ${API_KEY}."
        raise MistakeError(message, hint)
    return _plain(typer.prompt("API key", hide_input=True, err=True), "what was typed")


def _read(path: Path, hint: str) -> str:
    """What stands in *path*. Raises MistakeError with *hint*."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        message = f"{path} cannot be read: {reason}"
        raise MistakeError(message, hint) from error


def _plain(text: str, where: str) -> str:
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        message = f"{where} is no API key"
        raise MistakeError(message, "A key is one word, as `arkalia keys create` has shown it.")
    return key


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _typed() -> Iterator[str]:
    """What is typed, line by line, until Ctrl-D."""
    with suppress(ImportError):
        import readline  # noqa: F401 - `input` then has arrows and history
    while True:
        try:
            line = input("> ").strip()
        except EOFError:
            typer.echo("", err=True)
            return
        except KeyboardInterrupt:
            typer.echo("", err=True)
            continue
        if line:
            yield line
