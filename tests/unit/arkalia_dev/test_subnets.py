from ipaddress import IPv4Network

import pytest

from arkalia_dev.errors import DevError
from arkalia_dev.subnets import SLOTS, Subnets, choose


def test_choice_is_the_same_when_it_is_made_again():
    assert choose("checkout-1", []) == choose("checkout-1", [])


def test_choice_differs_when_another_cluster_has_the_slot():
    first = choose("checkout-1", [])

    second = choose("checkout-1", [first.whole])

    assert not second.whole.overlaps(first.whole)


def test_choice_avoids_a_route_when_it_covers_part_of_a_slot():
    first = choose("checkout-1", [])
    route = IPv4Network(f"10.{first.slot}.77.0/24")

    assert choose("checkout-1", [route]).slot != first.slot


def test_choice_says_what_to_do_when_everything_is_taken():
    with pytest.raises(DevError) as failure:
        choose("checkout-1", [IPv4Network("10.0.0.0/8")])

    assert "make down" in failure.value.advice


@pytest.mark.parametrize("slot", SLOTS)
def test_ranges_of_a_slot_lie_inside_it_and_apart(slot):
    subnets = Subnets(slot)
    ranges = [subnets.pods, subnets.services, subnets.cable]

    assert all(each.subnet_of(subnets.whole) for each in ranges)
    assert not any(a.overlaps(b) for a in ranges for b in ranges if a is not b)


def test_addresses_are_those_that_kubernetes_expects():
    subnets = Subnets(210)

    assert str(subnets.kubernetes) == "10.210.128.1"
    assert str(subnets.dns) == "10.210.128.10"
    assert (str(subnets.host), str(subnets.node)) == ("10.210.192.1", "10.210.192.2")
