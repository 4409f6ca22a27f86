"""The figures, as tables in `docs/explanation/validation.md` between two marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BEGIN: Final = "<!-- GENERATED figures by `make generate`: do not edit between the marks. -->\n"
END: Final = "<!-- end of the figures -->\n"

WITNESSES: Final = {
    "grounding": "the evidence",
    "consistency": "the answer itself",
    "samples": "other answers",
}
MUTATIONS: Final = {
    "number": "another number",
    "unit": "the digits in another unit",
    "elsewhere": "what is true of another module",
    "negation": "the contrary of a state",
    "date": "another date",
    "stranger": "a module that there is not",
    "misspelt": "a module's name with two letters turned around",
    "text": "a node or a version that there is not",
    "invented": "something of which nothing is known",
    "guessed": "a guess, another one in each answer",
}
SUMMARY: Final = """
| witness | answers | ROC AUC | calibration error (ECE) | wrong answers found | false alarms |
|---|---|---|---|---|---|
"""
BY_MUTATION: Final = """
| witness | what was changed | answers | found |
|---|---|---|---|
"""
RELIABILITY: Final = """
| mean score of the evidence, in ten bins | answers that hold | answers |
|---|---|---|
"""


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """*page* with its tables made from *figures*. Raises ValueError if it has no marks."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        message = f"the page has no line {BEGIN.strip()} with {END.strip()} after it"
        raise ValueError(message)
    return before + BEGIN + tables(figures) + "\n" + END + after


def tables(figures: Mapping[str, Any]) -> str:
    """Every table."""
    return (
        SUMMARY
        + "".join(_summary(name, figures[name]) for name in WITNESSES)
        + BY_MUTATION
        + "".join(_by_mutation(name, figures[name]) for name in WITNESSES)
        + RELIABILITY
        + "".join(
            f"| {score:.2f} | {_percent(share)} | {number:,} |\n"
            for score, share, number in figures["grounding"]["reliability"]
        )
    )


def _summary(name: str, each: Mapping[str, Any]) -> str:
    cells = (
        WITNESSES[name],
        f"{each['answers']:,}",
        f"{each['area']:.3f}",
        f"{each['calibration_error']:.3f}",
        _percent(each["found"]),
        _percent(each["false_alarms"]),
    )
    return f"| {' | '.join(cells)} |\n"


def _by_mutation(name: str, each: Mapping[str, Any]) -> str:
    return "".join(
        f"| {WITNESSES[name]} | {MUTATIONS[mutation]} | {one['answers']} | {_percent(one['found'])} |\n"
        for mutation, one in each["by_mutation"].items()
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
