"""A pod of the service with a schema of its own, a key, and the first administrator's password."""

import pytest

from arkalia_security.settings import SecuritySettings
from data_services import migrate
from unit.arkalia_runtime.authority import mount
from unit.arkalia_security.asking import ADMIN, serving, standing

KEY = "a key of this test, of more than 256 bits: 0123456789abcdef"


@pytest.fixture
def settings(mounts, schema):
    migrate(mounts, schema, "forward", module="security")
    mount(mounts.root / "key", key=KEY)
    mount(mounts.root / "admin", username="admin", password=ADMIN)
    own = {"system": "", "module": "security", "check_cache_seconds": 0}
    folders = {"key_folder": mounts.root / "key", "admin_folder": mounts.root / "admin"}
    return SecuritySettings(**mounts.settings | own | folders)


@pytest.fixture
async def ground(settings):
    async with standing(settings) as opened:
        yield opened


@pytest.fixture
async def service(settings):
    async with serving(settings) as opened:
        await opened.administrator()
        yield opened
