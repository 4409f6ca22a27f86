"""What an open way leads to, and how a person asks there."""

from __future__ import annotations

from typing import Final

from arkalia_contract import identity

GATEWAY: Final = "helloria"
TEXT: Final = """\
{url} leads to {host}, until Ctrl-C.
{url}/docs shows what it answers.
Nobody logs in yet: a published path wants a token, made with the NAME of a pod of {gateway}:
  {token}"""


def data(url: str, host: str, system: tuple[str, str], module: str) -> dict[str, str]:
    """The way to *module* of *system* (namespace and name), for programs."""
    namespace, name = system
    audience = identity.audience(namespace, name, module)
    token = (
        f"kubectl --namespace {namespace} create token {identity.account(name, GATEWAY)} "
        f"--audience {audience} --bound-object-kind Pod --bound-object-name NAME"
    )
    return {"url": url, "host": host, "audience": audience, "token": token}


def text(told: dict[str, str]) -> str:
    """The same for people."""
    return TEXT.format(**told, gateway=GATEWAY)
