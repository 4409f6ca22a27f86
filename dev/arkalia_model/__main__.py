"""The command line: `python -m arkalia_model write FILE` and `... serve [FILE]`.

The two need different packages: an image that serves has none of those that write. Told as Ollama is
told (`OLLAMA_HOST`), it serves by Ollama's API.
"""

import os
from argparse import ArgumentParser, Namespace
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any, Final

KEY: Final = "ARKALIA_MODEL_KEY_FILE"
"""Environment variable: the file with the key that callers have to show."""
FILE: Final = Path("/opt/arkalia/model.gguf")
"""Where the image has the model."""
OLLAMA_HOST: Final = "OLLAMA_HOST"
"""Environment variables of Ollama: where to listen, and where the models lie."""
OLLAMA_MODELS: Final = "OLLAMA_MODELS"


def main() -> None:
    """Do what the command line says."""
    asked = _parser().parse_args()
    asked.work(asked)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "python -m arkalia_model", description="The demonstration model of Arkalia."
    )
    verbs = parser.add_subparsers(required=True)
    writing = verbs.add_parser("write", help="make the model's file")
    writing.add_argument("file", type=Path)
    writing.set_defaults(work=_write)
    serving = verbs.add_parser("serve", help="serve it by the API that OpenAI has, until a signal")
    serving.add_argument("file", type=Path, nargs="?", default=FILE)
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, default=8080)
    serving.add_argument("--name", help="another name for the model")
    serving.add_argument("--without-embeddings", dest="embeds", action="store_false")
    serving.set_defaults(work=_serve)
    return parser


def _write(asked: Namespace) -> None:
    import_module("arkalia_model.file").write(asked.file)


def _serve(asked: Namespace) -> None:
    serving = import_module("arkalia_model.serving")
    file = os.environ.get(KEY, "")
    key = Path(file).read_text(encoding="utf-8").strip() if file else ""
    place = serving.Serving(asked.host, asked.port, key, asked.name or serving.NAME, asked.embeds)
    host = os.environ.get(OLLAMA_HOST, "")
    if host:
        models = Path(os.environ[OLLAMA_MODELS])
        _serve_as_ollama(place, host, models)
    serving.serve(asked.file, place)


def _serve_as_ollama(place: Any, host: str, models: Path) -> None:
    """Beside the model server at *place*, by Ollama's API at *host*, as long as the process lives."""
    ollama = import_module("arkalia_model.ollama")
    name, _, port = host.rpartition(":")
    address, shelf = (name, int(port)), ollama.Shelf(models)
    asked = (place.host, place.port)
    Thread(target=ollama.serve, args=(shelf, address, asked), daemon=True).start()


if __name__ == "__main__":
    main()
