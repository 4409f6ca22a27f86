"""Writing files so that an interrupt leaves either the old content or the new one, never half of it."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PRIVATE = 0o600


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write *text* to *path* atomically: a temporary file beside it, then a rename."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write *value* as JSON that only its owner may read."""
    write(path, json.dumps(value, indent=2, sort_keys=True) + "\n", PRIVATE)


def read_json(path: Path) -> Any:
    """The value in *path*, or None when there is no such file or an old crash spoilt it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None


def fingerprint(paths: Iterable[Path], *facts: str) -> str:
    """Twelve hex digits that change when a file's name, a file's content or a fact changes."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for fact in facts:
        digest.update(f"={fact}\n".encode())
    return digest.hexdigest()[:12]
