"""The user's Secret that names an external data service, read into an endpoint or a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arkalia_operator.api.reasons import Reason
from arkalia_operator.desired.data import keys
from arkalia_operator.desired.data.access import BLOCKS, DataService, Endpoint, digest
from arkalia_operator.planning.certificates import PEM
from arkalia_operator.planning.findings import Finding

CA: Final = "ca.crt"
HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,252})")
HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class External:
    """What a user's Secret says."""

    endpoint: Endpoint
    mark: str
    """Digest of all that it says; another one when its password changes."""


def external(
    service: DataService, name: str, data: Mapping[str, bytes] | None
) -> External | Finding:
    """What the Secret *name* says of *service*, or what is wrong with it.

    *data* is None if it does not exist.
    """
    wanted, field = ", ".join(_required(service)), f"{BLOCKS[service]}.secret"
    if data is None:
        message = f"{field}: Secret {name} does not exist: create it with the keys {wanted}"
        return Finding(Reason.SECRET_MISSING, message, doomed=True)
    texts = {key: value.decode(errors="replace") for key, value in data.items()}
    mistakes = list(_mistakes(service, texts))
    if mistakes:
        message = f"{field}: Secret {name}: {'; '.join(mistakes)}"
        return Finding(Reason.SECRET_INVALID, message, doomed=True)
    endpoint = Endpoint(
        texts[keys.HOST],
        int(texts[keys.PORT]),
        texts[keys.DATABASE] if service is DataService.POSTGRESQL else "",
        texts.get(CA, ""),
    )
    return External(endpoint, digest(*(f"{key}={texts[key]}" for key in sorted(texts))))


def _required(service: DataService) -> tuple[str, ...]:
    database = (keys.DATABASE,) if service is DataService.POSTGRESQL else ()
    return (keys.HOST, keys.PORT, *database, keys.USERNAME, keys.PASSWORD)


def _mistakes(service: DataService, texts: Mapping[str, str]) -> Iterator[str]:
    for key in _required(service):
        text = texts.get(key, "")
        if not text:
            yield f"key {key} is missing or empty"
        elif text != text.strip() or "\n" in text:
            yield f"key {key} begins or ends with a space or a line end: write it without"
    host, port = texts.get(keys.HOST, "").strip(), texts.get(keys.PORT, "").strip()
    if host and not HOST.fullmatch(host):
        yield "key host must be a host's name or address: write for example db.example.com"
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
        yield "key port must be a number from 1 to 65535: write for example 5432"
    if CA in texts and PEM not in texts[CA]:
        yield f"key {CA} must hold certificates in PEM, or be left out"
