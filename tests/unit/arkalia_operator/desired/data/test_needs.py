"""Which Secret of the user names a data service that is not the system's own."""

import pytest

from arkalia_operator.desired.data.access import DataService
from arkalia_operator.desired.data.needs import users_secret
from builders import a_system

MINE = {"secret": {"name": "mine"}}
SPECS = {
    DataService.POSTGRESQL: {"postgresql": {"mode": "external", **MINE}},
    DataService.QUEUE: {"redis": {"mode": "external", "queue": MINE}},
    DataService.CACHE: {"redis": {"mode": "external", "cache": MINE}},
}


@pytest.mark.parametrize("service", list(DataService))
def test_external_data_service_is_named_by_the_users_secret(service):
    system = a_system(data=SPECS[service])

    assert users_secret(system, service) == "mine"
    assert [each for each in DataService if users_secret(system, each)] == [service]
