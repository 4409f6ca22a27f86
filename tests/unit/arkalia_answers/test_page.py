"""The tables of the figures stand where the page has its marks."""

import pytest

from arkalia_answers.page import BEGIN, END, filled

WITNESS = {
    "answers": 1000,
    "area": 0.9371,
    "calibration_error": 0.05,
    "found": 0.924,
    "false_alarms": 0.1,
    "by_mutation": {"date": {"answers": 20, "found": 1.0}},
    "reliability": [[0.04, 0.1, 500]],
}
FIGURES = dict.fromkeys(("grounding", "consistency", "samples"), WITNESS)


def test_tables_replace_what_stood_between_the_marks():
    page = filled(f"before\n{BEGIN}stale\n{END}after\n", FIGURES)

    assert page.startswith(f"before\n{BEGIN}\n| witness |")
    assert page.endswith(f"|\n\n{END}after\n")
    assert "| the evidence | 1,000 | 0.937 | 0.050 | 92.4 % | 10.0 % |" in page
    assert "| other answers | another date | 20 | 100.0 % |" in page
    assert "| 0.04 | 10.0 % | 500 |" in page
    assert "stale" not in page
    assert filled(page, FIGURES) == page


def test_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="has no line"):
        filled("nothing", FIGURES)
