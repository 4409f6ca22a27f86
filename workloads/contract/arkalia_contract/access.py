"""What the gateway knows of accounts, and what it tells of its decisions.

`security` serves `VIEW`: all that is needed to judge a request, with a version, so that asking
whether anything has changed is cheap. It takes `JUDGEMENTS`, which become events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

GATEWAY: Final = "/gateway/*"
"""Pattern of what the gateway calls."""
VIEW: Final = "/gateway/view"
JUDGEMENTS: Final = "/gateway/judgements"

KEY_MARK: Final = "ark"
"""What every API key begins with: `ark_<id>_<secret>`; the id is no secret."""
SESSION_AUDIENCE: Final = "sessions"
"""Last part of `aud` of a session's token, after `arkalia/<namespace>/<system>/`."""
SESSION_ALGORITHM: Final = "EdDSA"
SESSION_CLAIM: Final = "sid"
"""Claim of a session's token: the id of the session."""
JUDGEMENTS_AT_ONCE: Final = 1000
"""Longest list that `JUDGEMENTS` takes."""
LONGEST_JUDGED: Final = 255
"""Longest text in a judgement but for the user, in characters: who tells one cuts what is longer."""
OPENID_USER: Final = "openid:"
"""What the id of a user of an OpenID Connect provider begins with; their subject follows, quoted."""
LONGEST_SUBJECT: Final = 255
"""Longest subject of such a user, in characters (OpenID Connect Core 1.0, 8)."""
LONGEST_USER: Final = len(OPENID_USER) + 12 * LONGEST_SUBJECT
"""Longest id of a user, in characters: quoted, a character of the subject is up to twelve. No id is cut:
two users would be one."""


@dataclass(frozen=True, slots=True)
class ViewedUser:
    """Somebody who is not disabled."""

    id: str
    name: str
    roles: list[str]
    scopes: list[str]
    """Patterns that the roles grant together."""
    must_enrol: bool = False
    """Their sessions may nothing until they have a second factor."""


@dataclass(frozen=True, slots=True)
class ViewedKey:
    """An API key that is not revoked."""

    id: str
    user: str
    """Id of whom it belongs to."""
    digest: str
    """Keyed HMAC-SHA-256 of the whole key, hexadecimal."""
    scopes: list[str]
    """Patterns; what the user may not do, the key may not either."""
    expires: float | None
    """Unix time; None for never."""
    tokens_per_minute: int | None
    tokens_per_day: int | None


@dataclass(frozen=True, slots=True)
class View:
    """All that is needed to judge a request."""

    version: int
    digest_key: str
    """With which API keys are digested, hexadecimal."""
    audience: str
    """`iss` and `aud` of a session's token."""
    signing_keys: list[dict[str, str]]
    """Public keys of sessions' tokens (JSON Web Keys)."""
    roles: dict[str, list[str]]
    """Patterns that each role grants."""
    users: list[ViewedUser]
    keys: list[ViewedKey]
    ended_sessions: list[str]
    """Ids of sessions that were ended, while tokens of them may be about."""


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """Content of `files.OPENID`: whose tokens the gateway takes beside those of `security`."""

    issuer: str
    """`iss` of the tokens, and where the provider describes itself (OpenID Connect Discovery)."""
    audience: str
    """`aud` that a token must have."""
    roles_claim: str
    """Claim with the names of roles."""
    default_roles: list[str]
    """Roles that everybody has whom the provider knows."""


class Judgement(TypedDict):
    """A decision about requests that were alike."""

    user: str
    """Id of the user; `anonymous` if nobody said who they are, and `unknown` if it was not true."""
    key: str
    """Id of the key that was shown; empty if none was."""
    route: str
    method: str
    allowed: bool
    reason: str
    client: str
    """Address of the client of the last of them."""
    count: int
    """How many requests."""
