"""Who may do what in Redis: one user for each module, with the keys of its name and no others.

The same lines are the file from which a builtin Redis starts, and the commands that a running one
is told: each of them replaces a user as a whole, so that they can be told again and again. They
hold digests of passwords that were drawn at random with 256 bits; no password.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from arkalia_contract import data as shared
from arkalia_operator.desired.data.access import DataService

ADMIN: Final = "admin"
EVERYTHING: Final = "~* &* +@all"
ALLOWED: Final = "+@all -@admin -@dangerous"
NOBODY: Final = f"user default off resetpass {EVERYTHING}"
"""The user of whoever has not logged in, who may not do anything before.

Redis also reads its own file as that user, and asks again for each transaction in it what that user
may do: without these rights it forgets every transaction when it starts
(https://github.com/redis/redis/issues/14541).
"""

Users = Mapping[str, Sequence[str]]
"""By module: SHA-256 digests (hex) of the passwords that are good; without any it is shut out."""


def users(service: DataService, modules: Users, admin: str) -> str:
    """The file of users. *admin* is the digest of the administrator's password."""
    lines = [NOBODY, f"user {ADMIN} reset on #{admin} {EVERYTHING}", *_lines(service, modules)]
    return "\n".join(lines) + "\n"


def commands(service: DataService, modules: Users, *, keep: bool) -> str:
    """The commands that bring a running Redis there; *keep*: it writes them into its own file."""
    told = [f"ACL SETUSER {each.removeprefix('user ')}" for each in _lines(service, modules)]
    return "\n".join([*told, *(["ACL SAVE"] if keep else [])]) + "\n"


def _lines(service: DataService, modules: Users) -> Iterator[str]:
    for module, digests in sorted(modules.items()):
        if digests:
            passwords = " ".join(f"#{each}" for each in digests)
            yield f"user {module} reset resetchannels on {passwords} {_keys(service, module)} {ALLOWED}"
        else:
            yield f"user {module} reset off"


def _keys(service: DataService, module: str) -> str:
    own = f"~{module}:* &{module}:*"
    if service is DataService.CACHE:
        return own
    return f"{own} %W~{shared.wake_stream(module)} %R~{shared.WAKE}*"
