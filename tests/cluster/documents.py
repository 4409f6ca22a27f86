"""A document of the shared state, written and read as a module that may ask for it does it."""

from __future__ import annotations

from typing import Final

import httpx

from arkalia_contract import endpoints, identity
from arkalia_operator.desired import names
from cluster.systems import System, off_except
from cluster.talkers import token

MODULES: Final = off_except("globalstate", "helloria")
"""`spec.modules` of a system that keeps documents: the record, and the gateway that may ask it."""
PATH: Final = f"{endpoints.STATES}/story"
WORD: Final = {"word": "written"}


def write(system: System, caller: str = "helloria") -> None:
    """Make the document."""
    service = system.reach("globalstate")
    answer = service.put(PATH, WORD, **_as(system, caller), **{"If-None-Match": "*"})
    assert answer.status_code == httpx.codes.CREATED, answer.text


def read(system: System, caller: str = "helloria") -> object:
    """The document's content."""
    answer = system.reach("globalstate").get(PATH, **_as(system, caller))
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.json()


def _as(system: System, caller: str) -> dict[str, str]:
    audience = identity.audience(system.namespace, system.name, "globalstate")
    account = f"{system.namespace}/{names.module(system.name, caller)}"
    shown = token(system.kube, account, audience, system.pods(caller)[0])
    return {"Authorization": f"{identity.BEARER} {shown}"}
