"""Which server is asked for which model."""

from arkalia_assistantia.backends import choosing
from arkalia_assistantia.backends.access import Access, Backend
from arkalia_assistantia.backends.choosing import Choice

ONE = Backend("one", "openai", "http://one", ("small", "large"))
TWO = Backend("two", "ollama", "http://two")
ACCESS = Access((ONE, TWO), {"best": ("large", "huge"), "gone": ("nothing",)})
OFFERS = {"two": ("large", "huge:latest")}


def chosen(wanted, offers=OFFERS):
    return [(each.backend.name, each.model) for each in choosing.choices(ACCESS, offers, wanted)]


def test_every_server_that_has_the_model_is_asked_in_the_order_of_the_servers():
    assert chosen("large") == [("one", "large"), ("two", "large")]


def test_alias_stands_for_its_models_in_their_order():
    assert chosen("best") == [("one", "large"), ("two", "large"), ("two", "huge:latest")]


def test_name_without_a_tag_is_the_latest_and_the_other_way_round():
    assert chosen("huge") == [("two", "huge:latest")]
    assert chosen("small:latest") == [("one", "small")]


def test_nobody_has_an_unknown_model():
    assert chosen("tiny") == []


def test_server_that_nobody_could_ask_may_have_any_model():
    assert chosen("tiny", {"two": None}) == [("two", "tiny")]


def test_request_without_a_model_gets_the_first_alias_or_the_first_model():
    assert chosen("")[0] == ("one", "large")
    assert choosing.default(Access((TWO,)), OFFERS) == "large"
    assert choosing.default(Access((TWO,)), {"two": None}) == ""
    assert choosing.choices(Access((TWO,)), {"two": None}, "") == []


def test_every_name_is_listed_once_and_an_alias_only_if_somebody_can_answer():
    assert list(choosing.listed(ACCESS, OFFERS)) == [
        ("best", "one"),
        ("small", "one"),
        ("large", "one"),
        ("huge:latest", "two"),
    ]


def test_server_that_failed_is_passed_over_unless_all_have():
    both = [Choice(ONE, "large"), Choice(TWO, "large")]

    assert choosing.ordered(both, {"one"}, None) == both[1:]
    assert choosing.ordered(both, {"one", "two"}, None) == both
    assert choosing.ordered(both, set(), "two") == both[::-1]
