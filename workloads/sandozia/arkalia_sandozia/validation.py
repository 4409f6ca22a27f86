"""The validation of an answer: every check, in its time, and the score that comes of them.

Pure but for the clock that is given. What a bound or the time left out is told: an answer is never
said to be examined where it was not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from arkalia_sandozia import consistency, formats, language, policy, scoring
from arkalia_sandozia.clauses import Clause, clauses
from arkalia_sandozia.evidence import FACT, Evidence, Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.findings import Finding, Severity
from arkalia_sandozia.formats import Format
from arkalia_sandozia.grounding import Doubt, Grounds, Kinds, grounds
from arkalia_sandozia.policy import Policy

MOST_OF_ANSWER: Final = 32_000
"""Characters of an answer that are laid beside evidence: ten times a long answer."""
MOST_OF_SOURCE: Final = 200_000
"""Characters of all evidence that are read."""
MOST_OF_SAMPLE: Final = 16_000
MOST_REASONS: Final = 100

STRONG: Final = 0.7
"""From this strength on evidence against an answer is beyond doubt."""


class Examined(StrEnum):
    """The checks."""

    GROUNDING = "grounding"
    CONSISTENCY = "consistency"
    SAMPLES = "samples"
    POLICY = "policy"
    LANGUAGE = "language"
    FORMAT = "format"


_NO_POLICY: Final = Policy()
_ANY_FORMAT: Final = Format()


@dataclass(frozen=True, slots=True)
class Question:
    """An answer, and all that it is examined by."""

    answer: str
    prompt: str = ""
    said: str = ""
    """What the user has said before."""
    sources: tuple[Source, ...] = ()
    facts: tuple[Fact, ...] = ()
    samples: tuple[str, ...] = ()
    policy: Policy = _NO_POLICY
    language: str | None = None
    format: Format = _ANY_FORMAT


@dataclass(slots=True)
class Validation:
    """What was found."""

    score: float = 0.5
    findings: list[Finding] = field(default_factory=list)
    examined: list[Examined] = field(default_factory=list)
    not_examined: list[str] = field(default_factory=list)
    """What was not looked at, and why."""
    claims: int = 0
    supported: int = 0
    heard: dict[str, scoring.Features] = field(default_factory=dict)
    is_partial: bool = False
    """Whether bounds or time left something out that was to be looked at."""

    def leave_out(self, what: str) -> None:
        """Tell that *what* was not looked at, though it was to be."""
        self.not_examined.append(what)
        self.is_partial = True


Goes = Callable[[], bool]


def validate(question: Question, goes_on: Goes = lambda: True) -> Validation:
    """Examine *question*. *goes_on* says whether there is time left."""
    found = Validation()
    _rules(question, found, goes_on)
    claims = list(_clauses(question.answer, found, goes_on))
    _grounding(question, claims, found, goes_on)
    _consistency(claims, found, goes_on)
    _samples(question, claims, found, goes_on)
    found.score = scoring.score(found.heard, found.findings)
    _shorten(found)
    return found


def _rules(question: Question, found: Validation, goes_on: Goes) -> None:
    _policy(question, found, goes_on)
    misfits, unknown = formats.misfits(question.answer, question.format)
    found.findings += misfits
    found.not_examined += unknown
    found.examined.append(Examined.FORMAT)
    if question.language:
        found.examined.append(Examined.LANGUAGE)
        found.findings += _language(question.answer, question.language)


def _policy(question: Question, found: Validation, goes_on: Goes) -> None:
    said = f"{question.prompt}\n{question.said}"
    taken, late = False, list[str]()
    for what, broken in policy.parts(question.answer, question.policy, said):
        if goes_on():
            found.findings += broken
            taken = True
        else:
            late.append(what)
    if taken or not late:
        found.examined.append(Examined.POLICY)
    for what in dict.fromkeys(late):
        found.leave_out(_late(f"policy: {what}"))


def _language(answer: str, expected: str) -> list[Finding]:
    spoken = language.spoken(answer)
    if spoken in (None, expected):
        return []
    wrong = f"It is written in another language than “{expected}”."
    evidence = f"Its words are those of “{spoken}”."
    return [Finding("language/other", Severity.HIGH, 0, len(answer), wrong, evidence)]


def _clauses(answer: str, found: Validation, goes_on: Goes) -> list[Clause]:
    read: list[Clause] = []
    end = min(len(answer), MOST_OF_ANSWER)
    if end < len(answer):
        found.leave_out(f"grounding, consistency, samples: the answer from character {end} on")
    for clause in clauses(answer, 0, end):
        if not goes_on():
            found.leave_out(_late(f"the answer from character {clause.start} on"))
            break
        read.append(clause)
    return read


def _late(what: str) -> str:
    return f"{what}: its time was over"


def _grounding(question: Question, claims: Sequence[Clause], found: Validation, goes: Goes) -> None:
    evidence = Evidence(_sources(question, found), goes)
    if evidence.left_out:
        found.leave_out(f"grounding: {evidence.left_out} characters of what is known")
    if not evidence:
        found.not_examined.append("grounding: nothing is known to compare the answer with")
        return
    laid = grounds(claims, evidence, goes)
    if claims and laid.until < claims[-1].end:
        found.leave_out(_late(f"grounding: the answer from character {laid.until} on"))
    found.examined.append(Examined.GROUNDING)
    found.claims, found.supported = laid.claims, round(laid.supported)
    found.findings += [told(each) for each in laid.doubts]
    if laid.claims:
        found.heard["grounding"] = scoring.of_grounds(laid)


def _sources(question: Question, found: Validation) -> list[Source]:
    """What is known, the surest first, cut to what is read."""
    given = [Source(FACT, each.sentence, each.subject) for each in question.facts]
    given += [*question.sources, Source("prompt", question.prompt)]
    room, taken = MOST_OF_SOURCE, []
    for each in given:
        taken.append(Source(each.name, each.text[:room], each.subject))
        room -= len(taken[-1].text)
    left = sum(len(each.text) for each in given) - MOST_OF_SOURCE
    if left > 0:
        found.leave_out(f"grounding: the last {left} characters of what is known")
    return taken


def _consistency(claims: Sequence[Clause], found: Validation, goes_on: Goes) -> None:
    contrary = consistency.contradictions(claims, goes_on)
    found.examined.append(Examined.CONSISTENCY)
    found.findings += [_contradiction(each) for each in contrary]
    if contrary:
        found.heard["consistency"] = scoring.of_contradictions(contrary)


def _contradiction(each: consistency.Contradiction) -> Finding:
    place = f"characters {each.first.start} to {each.first.end}"
    wrong = f"It says otherwise before: {place}."
    start, end = each.second.start, each.second.end
    return Finding("consistency/contradiction", Severity.HIGH, start, end, wrong)


def _samples(question: Question, claims: Sequence[Clause], found: Validation, goes: Goes) -> None:
    if not question.samples or not claims:
        return
    given = [each[:MOST_OF_SAMPLE] for each in question.samples]
    agreement = consistency.agreement(claims, given, goes)
    if len(agreement.found) < len(given):
        number = len(given) - len(agreement.found)
        found.leave_out(_late(f"samples: the last {number}"))
    if not agreement.found:
        return
    found.examined.append(Examined.SAMPLES)
    found.heard["samples"] = scoring.of_agreement(agreement)
    found.findings += _disagreements(agreement.found)


def _disagreements(found: Sequence[Grounds]) -> list[Finding]:
    """What most of the samples say otherwise: one finding for each place."""
    places: dict[tuple[int, int], list[Doubt]] = {}
    for each in found:
        for doubt in {(one.start, one.end): one for one in each.doubts}.values():
            if doubt.kind in consistency.WITHIN:
                places.setdefault((doubt.start, doubt.end), []).append(doubt)
    return [
        Finding(
            "samples/disagreement",
            Severity.MEDIUM,
            *place,
            f"{len(doubts)} of {len(found)} other answers do not say so.",
            f"One says: {doubts[0].instead}." if doubts[0].instead else "",
        )
        for place, doubts in places.items()
        if 2 * len(doubts) > len(found)
    ]


_WRONG: Final = {
    Kinds.NUMBER: "“{said}” is not what is known: {instead}.",
    Kinds.ELSEWHERE: "“{said}” is known of something else; here it is {instead}.",
    Kinds.UNKNOWN_NUMBER: "Nothing that is known tells “{said}”.",
    Kinds.NAME: "“{said}” is not known; “{instead}” is.",
    Kinds.ELSE: "This is known of {instead}, not of {said}.",
    Kinds.APART: "{said} are not known together; {instead} are.",
    Kinds.UNKNOWN_NAME: "Nothing that is known has the name “{said}”.",
    Kinds.NOBODY: "This is known of somebody else than “{said}”, if that is a name.",
    Kinds.NEGATION: "The contrary is known.",
}
_UNKNOWN: Final = frozenset((Kinds.UNKNOWN_NUMBER, Kinds.UNKNOWN_NAME, Kinds.NOBODY))


def told(doubt: Doubt) -> Finding:
    """A doubt, in words."""
    if doubt.kind in _UNKNOWN:
        severity = Severity.LOW
    else:
        severity = Severity.HIGH if doubt.strength >= STRONG else Severity.MEDIUM
    wrong = _WRONG[doubt.kind].format(said=doubt.said, instead=doubt.instead)
    unit = doubt.known.unit if doubt.known else None
    evidence = f"{unit.source}: {unit.text}"[:300] if unit else ""
    return Finding(f"grounding/{doubt.kind}", severity, doubt.start, doubt.end, wrong, evidence)


def _shorten(found: Validation) -> None:
    """Keep the worst reasons, in the order of the answer."""
    ranks = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}
    kept = sorted(found.findings, key=lambda each: ranks[each.severity])[:MOST_REASONS]
    left = len(found.findings) - len(kept)
    if left:
        found.not_examined.append(f"reasons: {left} more were found and are not listed")
    found.findings = sorted(kept, key=lambda each: (each.start, each.end, each.check))
