"""Operators that start at once and end at a chosen request: each is a fork of this process.

    python -m cluster.forked_operator

reads an order in JSON from each line of its input, and answers with the pid of the operator that it
started. What is imported once is in every fork, so an operator runs within milliseconds. The
product takes no part in it: what counts its requests is put around them here.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from arkalia_operator.__main__ import main
from arkalia_operator.cluster.permissions import PATH as RIGHTS
from arkalia_operator.cluster.session import Session

COUNT: Final = struct.Struct("qqq")
"""Requests, which of them was the first that writes (0 before), and at which it is killed, from 1 on
(0: at none). Who started it may still write the last number while it runs."""
KILL_AT: Final = struct.Struct("q")
"""Of these the last."""
KILL_AT_OFFSET: Final = COUNT.size - KILL_AT.size
DIE_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator is started with."""

    environment: dict[str, str]
    log: str
    """Where it writes its log to."""
    counter: str
    """A file of COUNT's size, in which it counts its requests, and reads when it is killed."""
    answered: bool = False
    """Whether the last request is answered first, which the operator then never hears."""

    def __str__(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))


def be(order: Order) -> int:
    """Be the operator; its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.clear()
    os.environ.update(order.environment)
    count_requests(order)
    return main(["run"])


def count_requests(order: Order) -> None:
    """Have each request to the API server counted, and end with the chosen one.

    Questions about rights are not: they change nothing, and come beside all else at any time.
    """
    with Path(order.counter).open("r+b") as file:
        counter = mmap.mmap(file.fileno(), COUNT.size)
    send = Session.request

    async def counted(session: Session, *arguments: Any, **options: Any) -> Any:
        if arguments[1] == RIGHTS:
            return await send(session, *arguments, **options)
        before, first, kill_at = COUNT.unpack(counter[:])
        number = before + 1
        first = first or (arguments[0] != "GET" and number)
        counter[:KILL_AT_OFFSET] = COUNT.pack(number, first, 0)[:KILL_AT_OFFSET]
        is_last = 0 < kill_at <= number
        if is_last and not order.answered:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await send(session, *arguments, **options)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Session.request = counted  # type: ignore[method-assign]


def serve() -> None:
    """Start what is ordered until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(be(Order(**json.loads(line))))
        print(pid, flush=True)


if __name__ == "__main__":
    serve()
