"""The way to a data service, before and after it is known where it is."""

from arkalia_operator.desired.data import network
from arkalia_operator.desired.data.access import DataAccess, DataService
from builders import a_system, an_access


def test_no_way_leads_to_a_service_of_which_nobody_knows_where_it_is():
    assert network.to_service(a_system(), DataService.POSTGRESQL, DataAccess()) == []


def test_way_to_a_server_of_the_system_leads_to_its_pods_alone():
    [rule] = network.to_service(a_system(), DataService.POSTGRESQL, an_access())

    [peer] = rule["to"]
    assert peer["podSelector"]["matchLabels"]["arkalia.io/data"] == "postgresql"
    assert rule["ports"] == [{"port": 5432, "protocol": "TCP"}]
