"""`python -m arkalia_model_keeper [--server ADDRESS] [--port PORT] MODEL...`."""

import logging
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final, NoReturn

from arkalia_model_keeper import health
from arkalia_model_keeper.keeping import CannotLoadError, CannotPullError, Keeper, Word
from arkalia_model_keeper.server import Server

CANNOT_PULL: Final = 69
"""Exit code of a model that cannot be pulled (EX_UNAVAILABLE). The operator knows it and the next."""
CANNOT_LOAD: Final = 71
"""Exit code of a model that cannot be loaded (EX_OSERR)."""
ROUND_SECONDS: Final = 2.0
LAST_WORDS: Final = Path("/dev/termination-log")
"""Where the kubelet looks for why a container has ended; it is not there outside a pod."""


def main() -> None:
    """Keep the models until a signal, or until one of them cannot be had."""
    parser = ArgumentParser("arkalia-model-keeper", description="Keeps models of Ollama loaded.")
    parser.add_argument("--server", default="http://127.0.0.1:11434", help="address of the server")
    parser.add_argument("--port", type=int, default=11435, help="where to answer /health/ready")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    word = Word()
    health.serve(word, asked.port)
    _keep(Keeper(Server(asked.server), asked.models, word))


def _stop(*_: Any) -> NoReturn:
    sys.exit(0)


def _keep(keeper: Keeper) -> NoReturn:
    """The kubelet starts anew what ends here, each time a while later."""
    try:
        while True:
            keeper.round()
            time.sleep(ROUND_SECONDS)
    except CannotPullError as error:
        _end(str(error), CANNOT_PULL)
    except CannotLoadError as error:
        _end(str(error), CANNOT_LOAD)


def _end(message: str, code: int) -> NoReturn:
    logging.error(message)
    if LAST_WORDS.exists():
        LAST_WORDS.write_text(message, encoding="utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
