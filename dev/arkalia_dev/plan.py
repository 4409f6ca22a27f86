"""A plan: the steps of a command as one table, from which running and the dry run both come.

A step says how to see that it is already done, so a second run changes nothing and an interrupted one
continues. Steps of one lane run one after another, lanes beside each other: the compiler keeps the processors
busy while packages and the base system come over the network.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arkalia_dev.commands import Action
from arkalia_dev.console import Console
from arkalia_dev.errors import CommandError, DevError
from arkalia_dev.run import perform, stop_running

TICK = 0.25


def never() -> bool:
    """For a step that looks for itself what is left to do."""
    return False


@dataclass(frozen=True)
class Step:
    """One line of the table."""

    name: str
    """What it does, as the person at the terminal reads it."""
    lane: str
    actions: Callable[[], Sequence[Action]]
    done: Callable[[], bool] = never
    needs: tuple[str, ...] = ()
    """Names of steps that must be finished before."""
    progress: Callable[[Path], str] = field(default=lambda _: "")
    """How far it is, read from its log."""
    advice: str = ""
    """What to do when it fails and its error does not say it."""

    @property
    def slug(self) -> str:
        """Its name as a file's name."""
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())


def describe(steps: Iterable[Step]) -> str:
    """Every step with its exact commands; those already done are marked."""
    lines = []
    for count, step in enumerate(steps, start=1):
        mark = "  (done already)" if step.done() else ""
        lines += ["", f"## {count}. {step.name}{mark}"]
        lines += [action.text() for action in step.actions()]
    return "\n".join(lines).lstrip()


class Run:
    """One run of a plan."""

    def __init__(self, steps: Sequence[Step], console: Console, logs: Path) -> None:
        self._steps = steps
        self._console = console
        self._logs = logs
        self._finished = {step.name: threading.Event() for step in steps}
        self._failure: tuple[Step, BaseException] | None = None
        self._stop = threading.Event()

    def to_end(self) -> None:
        """Do every step.

        Raises:
            DevError: a step failed; all programs that were running are stopped.
        """
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        lanes = dict.fromkeys(step.lane for step in self._steps)
        threads = [threading.Thread(target=self._lane, args=(x,), daemon=True) for x in lanes]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads) and not self._stop.is_set():
                self._console.tick()
                time.sleep(TICK)
        finally:
            self._stop.set()
            stop_running()
            self._console.finish()
        for thread in threads:
            thread.join(timeout=5)
        if self._failure:
            raise self._told(*self._failure)

    def _lane(self, lane: str) -> None:
        for step in (step for step in self._steps if step.lane == lane):
            try:
                self._when_possible(step)
            except BaseException as error:  # whatever it is, the person at the terminal hears it
                self._failure = self._failure or (step, error)
                self._stop.set()
            if self._stop.is_set():
                return
            self._finished[step.name].set()

    def _when_possible(self, step: Step) -> None:
        """Do *step* after what it needs, or note that it is done already."""
        done = step.done()
        needs = [] if done else [x for x in step.needs if x in self._finished]
        for need in needs:
            self._wait_for(self._finished[need])
        if self._stop.is_set():
            return
        if done or (needs and step.done()):
            self._console.already()
        else:
            self._do(step)

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(TICK) and not self._stop.is_set():
            pass

    def _do(self, step: Step) -> None:
        log = self._logs / f"{step.slug}.log"
        log.unlink(missing_ok=True)
        with self._console.step(step.name, lambda: step.progress(log)):
            for action in step.actions():
                if self._stop.is_set():
                    return
                perform(action, log)

    def _told(self, step: Step, error: BaseException) -> BaseException:
        if isinstance(error, CommandError):
            where = f"Log: {error.log}\n" if error.log else ""
            message = f"Failed: {step.name}\n{error.message}\n{error.advice}"
            return DevError(message, f"{where}{step.advice}".strip())
        if isinstance(error, DevError):
            return DevError(f"Failed: {step.name}\n{error.message}", error.advice or step.advice)
        return error
