"""Which model servers there are: what the operator wrote, in its newest usable form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from arkalia_contract import files, llm
from arkalia_runtime.settings import ServiceSettings
from arkalia_runtime.watched import UnreadableError, Watched


@dataclass(frozen=True)
class Backend:
    """A model server; the form is `arkalia_contract.llm.BackendAccess`."""

    name: str
    provider: llm.Provider
    url: str
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """All of them; the form is `arkalia_contract.llm.LlmAccess`."""

    backends: tuple[Backend, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_FORM: Final = TypeAdapter(Access)
NOTHING: Final = Access()


class Known:
    """The servers as they are written now. A file that is not there names none."""

    def __init__(self, folder: Path, settings: ServiceSettings) -> None:
        self._keys = folder / Path(files.LLM_KEYS_FOLDER).name
        self._seconds = settings.look_seconds
        path = folder / files.LLM_KEY
        self._access = Watched([path], partial(_read, path), self._seconds)
        self._read_keys: dict[str, Watched[str]] = {}

    def access(self) -> Access:
        """What is written; nothing until there was a file that can be used."""
        try:
            return self._access.current()
        except UnreadableError:
            return NOTHING

    def key(self, backend: Backend) -> str:
        """What the server is shown; empty where it asks for nothing."""
        path = self._keys / backend.name
        if backend.name not in self._read_keys:
            self._read_keys[backend.name] = Watched([path], partial(_read_key, path), self._seconds)
        try:
            return self._read_keys[backend.name].current()
        except UnreadableError:
            return ""


def _read(path: Path) -> Access:
    return _FORM.validate_json(path.read_bytes()) if path.exists() else NOTHING


def _read_key(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""
