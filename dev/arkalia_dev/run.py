"""Running programs: bounded in time, logged to a file, and never outliving the one who started them."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from arkalia_dev.commands import Action, Command
from arkalia_dev.errors import CommandError

QUICK = 30.0
"""Seconds that a question to the system (a route, a package's state) may take."""
TAIL_LINES = 25
WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
"""A killed `up` takes its children along, so that nothing goes on building behind the next one's back."""


_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


def perform(action: Action, log: Path) -> None:
    """Do *action*; what a program says goes to *log*.

    Raises:
        CommandError: it ended with an error or exceeded its time.
    """
    if isinstance(action, Command):
        _run_logged(action, log)
    else:
        action.function()


def _run_logged(command: Command, log: Path) -> None:
    with log.open("a", encoding="utf-8") as sink:
        sink.write(f"$ {command.text()}\n")
        sink.flush()
        process = subprocess.Popen(
            (*WITH_PARENT, *command.argv),
            env=environment(command.env),
            cwd=command.cwd,
            stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with _lock:
            _running.add(process)
        try:
            code = _finish(process, command)
        finally:
            with _lock:
                _running.discard(process)
    if code:
        raise CommandError(_ended(command, code), last_lines(log), log)


def _finish(process: subprocess.Popen[bytes], command: Command) -> int | str:
    try:
        process.communicate(command.stdin.encode() or None, timeout=command.timeout)
    except subprocess.TimeoutExpired:
        _kill_group(process)
        return f"no result within {command.timeout:.0f} s"
    except BaseException:
        _kill_group(process)
        raise
    return process.returncode


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Stop the program and its children: it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(QUICK)


def stop_running() -> None:
    """Stop every logged program: the plan ends, by a failure or by Ctrl-C."""
    with _lock:
        processes = tuple(_running)
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _ended(command: Command, code: int | str) -> str:
    told = code if isinstance(code, str) else f"exit code {code}"
    return f"{command.text()[:400]}\nended with: {told}"


def last_lines(log: Path, count: int = TAIL_LINES) -> str:
    """The end of *log*."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def output(*argv: str | Path, timeout: float = QUICK, env: Mapping[str, str] | None = None) -> str:
    """What a program prints.

    Raises:
        CommandError: it ended with an error or exceeded its time.
    """
    done = attempt(*argv, timeout=timeout, env=env)
    if done.returncode:
        message = f"{' '.join(done.args)}\nended with: {done.returncode}"
        raise CommandError(message, done.stderr)
    return done.stdout


def attempt(
    *argv: str | Path, timeout: float = QUICK, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program whose failure is an answer too; a missing program counts as code 127."""
    words = [str(word) for word in argv]
    try:
        return subprocess.run(
            words,
            env=environment(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"no answer within {timeout:.0f} s")


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with *extra* on top, and with the folders of system programs on PATH."""
    merged = {**os.environ, **extra}
    merged["PATH"] = f"{merged.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    return merged
