import pytest

from arkalia_operator.runtime.selector import Selector

GOLD, SILVER, NONE = {"tier": "gold"}, {"tier": "silver", "site": "a"}, {}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", [GOLD, SILVER, NONE]),
        ("tier=gold", [GOLD]),
        ("tier == gold", [GOLD]),
        ("tier!=gold", [SILVER, NONE]),
        ("tier in (gold, silver)", [GOLD, SILVER]),
        ("tier in (gold,silver),site=a", [SILVER]),
        ("tier notin (gold)", [SILVER, NONE]),
        ("tier", [GOLD, SILVER]),
        ("!tier", [NONE]),
        ("tier=", []),
        ("tier, !site", [GOLD]),
    ],
)
def test_selector_selects_what_kubectl_would(text, selected):
    selector = Selector.parse(text)

    assert [each for each in (GOLD, SILVER, NONE) if selector.selects(each)] == selected


def test_selector_takes_keys_with_a_prefix():
    assert Selector.parse("example.com/tier=gold").selects({"example.com/tier": "gold"})


@pytest.mark.parametrize(
    "text", ["tier>gold", "tier in gold", "tier in (a b)", ",", "a=b,", "-a=b", "a = b c"]
)
def test_selector_that_kubectl_would_refuse_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="write key=value"):
        Selector.parse(text)


def test_selector_is_shown_as_it_was_written():
    assert str(Selector.parse(" tier=gold ")) == "tier=gold"
    assert not Selector.parse(" ")
