"""From what was found to a probability.

Three witnesses speak: the evidence, the answer itself, other answers. Each has its weights, fitted
by logistic regression on answers of which it is known whether they hold (`calibration.json`,
written by `make generate`). Their log odds are added; a witness that was not heard adds nothing,
and what nobody has heard has even odds. A rule that is broken is no matter of probability: it
bounds the score.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from arkalia_sandozia.consistency import Agreement, Contradiction
from arkalia_sandozia.findings import Finding, Severity
from arkalia_sandozia.grounding import Grounds, Kinds

Features = Mapping[str, float]

FILE: Final = "calibration.json"
MOST_LOG_ODDS: Final = 6.0
"""Nothing is surer than 0.9975: the fit has seen thousands of answers, not millions."""

RULES: Final = frozenset(("policy", "language", "format"))
BOUNDS: Final = {Severity.HIGH: 0.0, Severity.MEDIUM: 0.5, Severity.LOW: 1.0}
"""The highest score of an answer that breaks a rule, by how bad that is."""


@dataclass(frozen=True, slots=True)
class Witness:
    """How much each feature of one witness says."""

    intercept: float
    weights: Mapping[str, float]

    def log_odds(self, features: Features) -> float:
        """For the answer: above 0, it rather holds."""
        heard = sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return max(-MOST_LOG_ODDS, min(MOST_LOG_ODDS, self.intercept + heard))


def of_grounds(found: Grounds) -> Features:
    """What the evidence says: the strongest doubt of each kind, and how much is covered."""
    strongest = {str(kind): 0.0 for kind in Kinds}
    for each in found.doubts:
        strongest[each.kind] = max(strongest[each.kind], each.strength)
    against = sum(each.kind is not Kinds.UNKNOWN_NAME for each in found.doubts)
    return strongest | {
        "doubts": min(against, 3) / 3,
        "unsupported": 1 - found.supported / found.claims if found.claims else 0.0,
        "unknown_words": 1 - found.known_words / found.words if found.words else 0.0,
    }


def of_contradictions(found: Sequence[Contradiction]) -> Features:
    """What the answer says against itself."""
    return {"likeness": max((each.likeness for each in found), default=0.0)}


def of_agreement(found: Agreement) -> Features:
    """What other answers say."""
    return {
        "contradicted": found.contradicted,
        "unsupported": found.unsupported,
        "unheard": found.unheard,
    }


def read(document: Mapping[str, Any]) -> dict[str, Witness]:
    """The witnesses of a calibration."""
    return {
        name: Witness(each["intercept"], each["weights"])
        for name, each in document["witnesses"].items()
    }


@cache
def calibrated() -> dict[str, Witness]:
    """The witnesses that ship."""
    text = files("arkalia_sandozia").joinpath(FILE).read_text(encoding="utf-8")
    return read(json.loads(text))


def score(
    heard: Mapping[str, Features],
    findings: Iterable[Finding],
    witnesses: Mapping[str, Witness] | None = None,
) -> float:
    """How probable it is that an answer holds, by the witnesses *heard*."""
    known = calibrated() if witnesses is None else witnesses
    log_odds = sum(known[name].log_odds(features) for name, features in heard.items())
    probable = 1 / (1 + math.exp(-max(-MOST_LOG_ODDS, min(MOST_LOG_ODDS, log_odds))))
    broken = [BOUNDS[each.severity] for each in findings if each.check.partition("/")[0] in RULES]
    return min([probable, *broken])
