"""What a request shows to prove who asks: an API key or a session's token, in one of two headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from arkalia_contract import access, headers, identity

LONGEST: Final = 8 * 1024
"""Characters. Nothing that is issued here is longer."""
KEY_BEGINNING: Final = f"{access.KEY_MARK}_"


@dataclass(frozen=True)
class Shown:
    """A credential, as it was sent."""

    text: str = field(repr=False)

    @property
    def is_key(self) -> bool:
        """Whether it claims to be an API key."""
        return self.text.startswith(KEY_BEGINNING)


class UnreadableError(Exception):
    """The headers hold something that is no credential; the message is for the caller."""


def shown(said: Mapping[str, str]) -> Shown | None:
    """What *said*, the headers of a request, shows; None if nothing. Raises UnreadableError."""
    authorization = said.get("authorization")
    key = said.get(headers.API_KEY.lower())
    if authorization is not None and key is not None:
        message = f"Send one credential: Authorization or {headers.API_KEY}."
        raise UnreadableError(message)
    if authorization is not None:
        return _of(_bearer(authorization))
    return None if key is None else _of(key.strip())


def _bearer(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != identity.BEARER.lower():
        message = "Write the credential as `Authorization: Bearer ...`."
        raise UnreadableError(message)
    return text.strip()


def _of(text: str) -> Shown:
    if not text or len(text) > LONGEST or not text.isascii():
        message = "The credential has a form that none has."
        raise UnreadableError(message)
    return Shown(text)
