"""Accounts that are kept, and a user with a key."""

import pytest

from unit.arkalia_helloria.access.accounts import Accounts


@pytest.fixture
def accounts(tmp_path, schema):
    return Accounts.of(tmp_path, schema)


@pytest.fixture
async def security(accounts):
    async with accounts.serving(), accounts.asking() as ask:
        yield ask


@pytest.fixture
async def ada(security):
    """Id of a user."""
    body = {"name": "ada", "password": "correct horse battery"}
    return (await security("POST", "/users", body, user="root"))["id"]


@pytest.fixture
async def key(security, ada):
    """An API key of hers."""
    return await security("POST", "/keys", {"name": "k", "scopes": ["chat"]}, user=ada)


@pytest.fixture
async def visitor(accounts, security):
    async with accounts.door() as opened:
        yield opened
