"""What this module shows to another: the file of its token, read again when it is replaced."""

from functools import partial
from pathlib import Path

from arkalia_runtime.watched import Watched


def shown(folder: Path, callee: str, look_seconds: float) -> Watched[str]:
    """The token for *callee*, in its newest usable form."""
    path = folder / callee
    return Watched([path], partial(_read, path), look_seconds)


def _read(path: Path) -> str:
    token = path.read_text(encoding="ascii").strip()
    if not token:
        message = "it is empty"
        raise ValueError(message)
    return token
