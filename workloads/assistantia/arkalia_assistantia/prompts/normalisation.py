"""Normalisation: a text as a reader sees it, without what only a machine reads.

Characters that are not seen carry whole sentences to a model; letters that look like others take words
past a filter. A folded text keeps for each character where it came from, so that what is found in it
can be shown in the text as it was given.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from arkalia_assistantia.prompts.findings import Finding

UNSEEN: Final = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees; with the marks that emoji and some scripts need."""

PLAIN: Final = re.compile(r"[\t\n\r\x20-\x7e]*")
TAGS: Final = re.compile("[\U000e0020-\U000e007e]{2,}")
SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
INSIDE_A_WORD: Final = re.compile(
    # Between letters of scripts that need none: Persian and the scripts of India do.
    "(?<=[A-Za-z\u00c0-\u024f\u0400-\u04ff])[\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff]+"
    "(?=[A-Za-z\u00c0-\u024f\u0400-\u04ff])"
)
DISGUISED: Final = re.compile("[\uff21-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9]")
MIXED: Final = re.compile(
    "[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]"
)
SPACED: Final = re.compile(r"(?<!\w)(?:[^\W_][ .\-_*|]){5,}[^\W_](?!\w)")
SWELLING: Final = re.compile("([\ufdfa\ufdfb])")
"""Characters that are written out as whole sentences: they stay, or a text would swell."""

MOST_FOLDED: Final = 131_072
"""Characters of a text that are returned with their letters folded; the rest lose what is not seen."""

LONGEST_HIDDEN: Final = 4096
"""Characters of a hidden text that are read."""

TAG_BASE: Final = 0xE0000
FIRST_SELECTORS: Final = range(0xFE00, 0xFE10)
OTHER_SELECTORS: Final = 0xE0100

LOOKALIKES: Final = str.maketrans(
    "аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁԛԝαΑβΒεΕηΗιΙκΚμΜνΝοΟρΡτΤυΥχΧ",
    "aAbBeEkKmMhHoOpPcCtTyYxXiIjJsSdqwaAbBeEhHiIkKuMvNoOpPtTuYxX",
)


class Folded(NamedTuple):
    """A part of a text, folded."""

    text: str
    positions: Sequence[int]
    """Where each character stood in the text as it was given."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where *start* to *end* of the folded text stood."""
        if not self.positions:
            return 0, 0
        last = len(self.positions) - 1
        return self.positions[min(start, last)], self.positions[min(end - 1, last)] + 1


class Hidden(NamedTuple):
    """Text that was written in characters which nobody sees."""

    text: str
    start: int
    end: int


def cleaned(text: str) -> str:
    """*text* without what nobody sees, with its letters folded; plain text is returned as it is."""
    if PLAIN.fullmatch(text):
        return text
    head, rest = text[:MOST_FOLDED], text[MOST_FOLDED:]
    return _folded_letters(UNSEEN.sub("", head)) + "".join(UNSEEN.split(rest))


def folded(text: str, start: int, end: int) -> Folded:
    """The part of *text* from *start* to *end*, with its letters as they look."""
    part = text[start:end]
    if PLAIN.fullmatch(part):
        return Folded(part, range(start, start + len(part)))
    plain, positions = _unfolded(part, start) or _folded_one_by_one(part, start)
    return Folded(plain.translate(LOOKALIKES) if MIXED.search(plain) else plain, positions)


def joined(part: Folded) -> Folded | None:
    """*part* with words joined that were written letter by letter; None if it has none."""
    matches = list(SPACED.finditer(part.text))
    if not matches:
        return None
    kept: list[int] = []
    at = 0
    for match in matches:
        kept.extend(range(at, match.start()))
        kept.extend(range(match.start(), match.end(), 2))
        at = match.end()
    kept.extend(range(at, len(part.text)))
    text = "".join(part.text[each] for each in kept)
    return Folded(text, [part.positions[each] for each in kept])


def hidden(text: str, findings: Iterable[Finding]) -> Iterator[Hidden]:
    """What *text*, of which `findings_in_all` says *findings*, says in characters that are not seen."""
    # Where the first of a kind stands is known, and that there is none: no second search from the start.
    starts = {each.reason: each.start for each in findings}
    for pattern, reason, said_by in SAYING:
        if reason in starts:
            for match in pattern.finditer(text, starts[reason]):
                yield Hidden(said_by(match.group()[:LONGEST_HIDDEN]), *match.span())


def findings_in_all(text: str) -> Iterator[Finding]:
    """What a text has in it that nobody sees: at most one finding of each kind."""
    first = UNSEEN.search(text)
    if first:
        yield from _found(text, OF_THE_WHOLE, max(first.start() - 1, 0))


def findings_in(part: str) -> Iterator[Finding]:
    """Letters of *part* that are not what they look like: at most one finding of each kind."""
    if not part.isascii():
        yield from _found(part, OF_A_PART, 0)


Kind = tuple[re.Pattern[str], str, str, float]

OF_THE_WHOLE: Final[tuple[Kind, ...]] = (
    (TAGS, "HiddenText", "Characters that are not seen spell a text.", 0.7),
    (SELECTORS, "HiddenBytes", "Variation selectors that vary nothing carry bytes.", 0.5),
    (BIDI, "ReorderedText", "Characters make the text look different from what it is.", 0.3),
    (INSIDE_A_WORD, "HiddenCharacters", "A word has characters in it that are not seen.", 0.3),
    (CONTROLS, "ControlCharacters", "There are control characters.", 0.1),
)
OF_A_PART: Final[tuple[Kind, ...]] = (
    (DISGUISED, "DisguisedLetters", "Letters are written as symbols that look like them.", 0.1),
    (MIXED, "MixedScripts", "A word has letters of two scripts that look alike.", 0.2),
)


def _found(text: str, kinds: tuple[Kind, ...], start: int) -> Iterator[Finding]:
    for pattern, reason, message, weight in kinds:
        match = pattern.search(text, start)
        if match:
            yield Finding("normalisation", reason, message, *match.span(), weight)


def _folded_letters(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    parts = SWELLING.split(text)
    return "".join(
        part if number % 2 else unicodedata.normalize("NFKC", part)
        for number, part in enumerate(parts)
    )


def _unfolded(part: str, start: int) -> tuple[str, Sequence[int]] | None:
    """*part* as it is, if no character of it would be folded: that takes a tenth of the time."""
    if UNSEEN.search(part) or not unicodedata.is_normalized("NFKC", part):
        return None
    return part, range(start, start + len(part))


def _folded_one_by_one(part: str, start: int) -> tuple[str, Sequence[int]]:
    characters: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(part, start):
        each = _fold(character)
        characters.append(each)
        positions.extend([position] * len(each))
    return "".join(characters), positions


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    return _folded_letters(UNSEEN.sub("", character))


def _said_by_tags(found: str) -> str:
    return "".join(chr(ord(each) - TAG_BASE) for each in found)


def _said_by_selectors(found: str) -> str:
    return bytes(map(_byte, found)).decode("utf-8", "replace")


def _byte(selector: str) -> int:
    code = ord(selector)
    if code in FIRST_SELECTORS:
        return code - FIRST_SELECTORS.start
    return code - OTHER_SELECTORS + len(FIRST_SELECTORS)


SAYING: Final = (
    (TAGS, "HiddenText", _said_by_tags),
    (SELECTORS, "HiddenBytes", _said_by_selectors),
)
"""What of the kinds of hidden characters spells something."""
