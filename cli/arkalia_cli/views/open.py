"""What an open way leads to, and how a person asks there."""

from __future__ import annotations

from typing import Final

from arkalia_cli.system import GATEWAY
from arkalia_contract import identity

TEXT: Final = """\
{url} leads to {host}, until Ctrl-C.
{url}/docs shows what it answers.
Show {gateway} an API key or a session's token. The first administrator's password, of {administrator}:
  {password}
A module that is asked itself wants a module's token, made with the NAME of a pod of {gateway}:
  {token}"""


def data(url: str, host: str, system: tuple[str, str], module: str) -> dict[str, str]:
    """The way to *module* of *system* (namespace and name), for programs."""
    namespace, name = system
    audience = identity.audience(namespace, name, module)
    token = (
        f"kubectl --namespace {namespace} create token {identity.account(name, GATEWAY)} "
        f"--audience {audience} --bound-object-kind Pod --bound-object-name NAME"
    )
    password = (
        f"kubectl --namespace {namespace} get secret {identity.administrator(name)} "
        "--output jsonpath='{.data.password}' | base64 --decode"
    )
    return {
        "url": url,
        "host": host,
        "audience": audience,
        "token": token,
        "administrator": identity.ADMINISTRATOR,
        "password": password,
    }


def text(told: dict[str, str]) -> str:
    """The same for people."""
    return TEXT.format(**told, gateway=GATEWAY)
