"""Names that look like what was written."""

from arkalia_cli.errors import MENTIONED, close_matches


def test_names_that_look_alike_are_proposed():
    assert close_matches("lunar", ["luna", "sol"]) == "Did you mean luna?"


def test_known_names_are_listed_when_none_looks_alike():
    assert close_matches("xyz", ["luna", "sol"]) == "There is luna, sol."


def test_long_list_is_cut_and_says_what_it_leaves_out():
    many = [f"system-{number}" for number in range(100)]

    told = close_matches("xyz", many, "`x` lists all.")

    assert told.count(",") == MENTIONED - 1
    assert told.endswith(f" and {100 - MENTIONED} more. `x` lists all.")


def test_nothing_is_proposed_where_nothing_is_known():
    assert close_matches("luna", []) == ""
