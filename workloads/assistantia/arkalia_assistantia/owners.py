"""Whose conversations and files are meant: the gateway says so, since nobody else is let in."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request

from arkalia_contract import headers
from arkalia_runtime.problems import Problem

NOBODYS: Final = (
    "Conversations and files belong to users: log in, or show an API key, at the gateway."
)


def owner_of(request: Request) -> str:
    """The user who asks. Raises a 401 Problem if the gateway names none."""
    owner = request.headers.get(headers.USER, "")
    if not owner:
        raise Problem(HTTPStatus.UNAUTHORIZED, NOBODYS)
    return owner


Owner = Annotated[str, Depends(owner_of)]
