"""Is a name in a registry free? What was published once is never written again.

Only the registry's plain "there is no such thing" counts as free. A refusal, a fault or no answer
stops the release: taking one of these for "free" is how a version gets overwritten.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from arkalia_release.errors import ReleaseError

ANSWER_SECONDS: Final = 30
KINDS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
REFERENCE: Final = re.compile(r"(?P<host>[^/@]+)/(?P<name>[^@]+):(?P<tag>[^:/@]+)")
CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
LOCAL: Final = ("localhost", "127.0.0.1")
OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks; empty for nobody in particular."""

    user: str = ""
    password: str = ""

    @property
    def header(self) -> dict[str, str]:
        """What proves it."""
        if not self.user:
            return {}
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def require_free(reference: str, login: Login) -> None:
    """Nothing, if nobody has published *reference*. Raises ReleaseError otherwise."""
    host, name, tag = _parts(reference)
    path = f"{_address(host)}/v2/{name}/manifests/{tag}"
    status, challenge = _head(path, login.header)
    if status == UNAUTHORIZED and challenge.startswith("Bearer "):
        token = _token(challenge, login)
        status, _ = _head(path, {"Authorization": f"Bearer {token}"})
    if status == OK:
        msg = f"{reference} is published already, and is never overwritten: release a later version"
        raise ReleaseError(msg)
    if status != NOT_FOUND:
        msg = f"{host} answered {status} when asked for {reference}: nothing is published until it says that there is none"
        raise ReleaseError(msg)


def _parts(reference: str) -> tuple[str, str, str]:
    match = REFERENCE.fullmatch(reference)
    if match is None:
        msg = f"{reference} names no tag of a registry: write for example ghcr.io/owner/name:1.4.0"
        raise ReleaseError(msg)
    return match["host"], match["name"], match["tag"]


def _address(host: str) -> str:
    """Where *host* answers: with TLS, unless it is this machine."""
    return f"{'http' if host.partition(':')[0] in LOCAL else 'https'}://{host}"


def _head(url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status of the answer, and what it wants to be shown."""
    question = urllib.request.Request(
        url, method="HEAD", headers={"Accept": ", ".join(KINDS), **headers}
    )
    try:
        with urllib.request.urlopen(question, timeout=ANSWER_SECONDS) as answer:  # nosec B310
            return int(answer.status), ""
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers.get("WWW-Authenticate", "")
    except OSError as error:
        msg = f"{url} does not answer: {error}"
        raise ReleaseError(msg) from error


def _token(challenge: str, login: Login) -> str:
    """A token of the place that the registry trusts."""
    asked = dict(CHALLENGE.findall(challenge))
    realm = asked.pop("realm")
    if not realm.startswith(_address(urllib.parse.urlsplit(realm).netloc)):
        msg = f"the registry sends us to {realm} for a token: no password is told without TLS"
        raise ReleaseError(msg)
    question = urllib.request.Request(
        f"{realm}?{urllib.parse.urlencode(asked)}", headers=login.header
    )
    try:
        with urllib.request.urlopen(question, timeout=ANSWER_SECONDS) as answer:  # nosec B310
            told = json.load(answer)
    except (OSError, ValueError) as error:
        msg = f"{realm} gives no token: {error}. Are REGISTRY_USER and REGISTRY_PASSWORD right?"
        raise ReleaseError(msg) from error
    return str(told.get("token") or told.get("access_token", ""))
