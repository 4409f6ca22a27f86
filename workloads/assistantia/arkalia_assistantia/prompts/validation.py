"""Validation of a prompt: every layer, one score, and what was not looked at.

The work is bounded whatever the text: hidden characters are looked for in all of it, and everything else
in parts of it. Of a long text these are its beginning, its end and the surroundings of words that
attacks are made of; how many characters remain is told, since an attack may be in them.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal, NamedTuple

from arkalia_assistantia.prompts import encodings, normalisation, separation
from arkalia_assistantia.prompts.classifier import Classifier, trained
from arkalia_assistantia.prompts.findings import SUSPICIOUS, Finding, score_of
from arkalia_assistantia.prompts.normalisation import Folded
from arkalia_assistantia.prompts.separation import Source
from arkalia_assistantia.prompts.tokens import tokens

Policy = Literal["Observe", "Flag", "Block"]
Verdict = Literal["passed", "flagged", "blocked"]

VERDICTS: Final[dict[Policy, Verdict]] = {
    "Observe": "passed",
    "Flag": "flagged",
    "Block": "blocked",
}
"""What becomes of a suspicious text."""

WHOLE: Final = 12_288
"""Characters up to which a text is read as a whole."""

ENDS: Final = 4_096
"""Characters at the beginning and at the end of a longer one."""

AROUND: Final = 256
"""Characters before and after a word that attacks are made of: more than a window of the classifier."""

MOST_PLACES: Final = 8
"""Such words around which a longer text is read."""

LONG: Final = 2 * ENDS + MOST_PLACES * 2 * AROUND
"""Characters that are read of a longer text, at most: as many as of one that is read as a whole."""

MOST_TOKENS: Final = WHOLE
"""Tokens that the classifier reads of a part: all, even where each is one character."""

DECODED: Final = 8_192
"""Characters of payloads, all together, that are read."""

PROBES: Final = (
    "ignore", "disregard", "override", "instruction", "system prompt", "password", "secret",
    "you are now", "assistant", "jailbreak",
)  # fmt: skip
"""Where to look in what is too long to be read: no word here is a reason for anything."""


class Validation(NamedTuple):
    """What was found."""

    score: float
    findings: tuple[Finding, ...]
    unseen: int
    """Characters that only the search for hidden characters has looked at."""

    @property
    def is_suspicious(self) -> bool:
        """Whether it counts as an attack."""
        return self.score >= SUSPICIOUS


def validate(text: str, source: Source = "user", by: Classifier | None = None) -> Validation:
    """How much *text* looks like an attack, and why. *by* is what scores; the trained one if None."""
    places = parts(text)
    classifier = by or trained()
    found = list(normalisation.findings_in_all(text))
    for start, end in places:
        part = normalisation.folded(text, start, end)
        found += [
            each._replace(start=each.start + start, end=each.end + start)
            for each in normalisation.findings_in(text[start:end])
        ]
        found += _placed(separation.findings(part.text, source), part)
        found += _read(part, classifier)
    found += _hidden(text, found, classifier)
    unseen = len(text) - sum(end - start for start, end in places)
    strongest = tuple(_strongest(found))
    return Validation(score_of(strongest), strongest, unseen)


def verdict(validation: Validation, policy: Policy) -> Verdict:
    """What *policy* makes of it."""
    return VERDICTS[policy] if validation.is_suspicious else "passed"


def parts(text: str) -> list[tuple[int, int]]:
    """Begin and end of what is read of *text*, in order and without overlap."""
    if len(text) <= WHOLE:
        return [(0, len(text))]
    last = len(text) - ENDS
    lower = text.lower() if text.isascii() else text
    places = sorted(islice(_places(lower, ENDS, last), MOST_PLACES))
    read = [(0, ENDS)]
    for place in places:
        start = max(place - AROUND, read[-1][1])
        end = min(place + AROUND, last)
        if start < end:
            read.append((start, end))
    return [*read, (last, len(text))]


def _places(text: str, start: int, end: int) -> Iterator[int]:
    """Where the probes are: the first and the last of each."""
    for probe in PROBES:
        first = text.find(probe, start, end)
        if first >= 0:
            yield first
            last = text.rfind(probe, first + AROUND, end)
            if last >= 0:
                yield last


def _read(part: Folded, classifier: Classifier) -> Iterator[Finding]:
    """What *part* reads like: as it stands, and as it is meant."""
    plain = list(_classified(part, classifier, "ReadsLikeAnAttack", "It reads like an attack."))
    yield from plain or _as_meant(part, classifier)
    for name, text in encodings.disguises(part.text):
        for finding in _scored(text, classifier, name):
            span = part.span(0, len(part.text))
            yield finding._replace(start=span[0], end=span[1])
    yield from _payloads(part, classifier)


def _as_meant(part: Folded, classifier: Classifier) -> Iterator[Finding]:
    joined = normalisation.joined(part)
    if joined is not None:
        yield from _disguised(joined, classifier, "letter by letter")
    spelt = encodings.without_digits_for_letters(part.text)
    if spelt is not None:
        yield from _disguised(Folded(spelt, part.positions), classifier, "with digits for letters")


def _classified(
    part: Folded, classifier: Classifier, reason: str, message: str
) -> Iterator[Finding]:
    read = list(tokens(part.text, MOST_TOKENS))
    if not read:
        return
    window = classifier.most_suspicious(read)
    if window.score >= SUSPICIOUS:
        span = part.span(read[window.start].start, read[window.end - 1].end)
        yield Finding("classifier", reason, message, *span, round(window.score, 4))


def _disguised(part: Folded, classifier: Classifier, how: str) -> Iterator[Finding]:
    message = f"It reads like an attack that is written {how}."
    for finding in _classified(part, classifier, "DisguisedAttack", message):
        yield finding._replace(layer="encodings")


def _payloads(part: Folded, classifier: Classifier) -> Iterator[Finding]:
    left = DECODED
    for payload in encodings.payloads(part.text):
        if left <= 0:
            return
        span = part.span(payload.start, payload.end)
        for finding in _scored(payload.text[:left], classifier, payload.encoding):
            yield finding._replace(start=span[0], end=span[1])
        left -= len(payload.text)


def _hidden(text: str, found: list[Finding], classifier: Classifier) -> list[Finding]:
    return [
        finding._replace(start=each.start, end=each.end)
        for each in islice(normalisation.hidden(text, found), encodings.MOST)
        for finding in _scored(each.text[: encodings.LONGEST], classifier, "hidden characters")
    ]


def _scored(text: str, classifier: Classifier, encoding: str) -> Iterator[Finding]:
    """What a decoded *text* reads like; that somebody took the trouble is a reason too."""
    read = list(tokens(text, MOST_TOKENS))
    score = classifier.most_suspicious(read).score if read else 0.0
    if score >= SUSPICIOUS:
        message = f"Decoded ({encoding}), it reads like an attack."
        yield Finding("encodings", "EncodedAttack", message, 0, 0, round(score, 4))
    elif encodings.is_readable(text):
        message = f"A text is encoded in it ({encoding})."
        yield Finding("encodings", "EncodedText", message, 0, 0, 0.1)


def _placed(found: Iterator[Finding], part: Folded) -> Iterator[Finding]:
    for finding in found:
        start, end = part.span(finding.start, finding.end)
        yield finding._replace(start=start, end=end)


def _strongest(found: list[Finding]) -> Iterator[Finding]:
    """The strongest finding of each kind: a text of many parts is no worse for having many."""
    best: dict[tuple[str, str], Finding] = {}
    for finding in found:
        kind = (finding.layer, finding.reason)
        if kind not in best or finding.weight > best[kind].weight:
            best[kind] = finding
    return iter(sorted(best.values(), key=lambda each: (-each.weight, each.start)))
