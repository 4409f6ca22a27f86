"""Text as the classifier reads it: words, each with the features that it adds to its surroundings.

A feature is a hash, so there is no vocabulary to ship, and a word that training never saw still has
its beginnings, ends and middles. Every feature belongs to one word and looks back at most two, so
the sum over a window is the difference of two running sums: the work is linear in the text.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from zlib import crc32

BITS: Final = 17
BUCKETS: Final = 1 << BITS
"""Different features; two that share one are rare enough to drown."""
MASK: Final = BUCKETS - 1

LONGEST_WORD: Final = 20
"""Characters of a word that count: what is longer is no word of a language."""

SMALLEST_PART: Final = 3
LARGEST_PART: Final = 5
"""Characters of the parts of a word."""

START: Final = "^"
"""Stands before the first word of a sentence."""

WORD: Final = re.compile(
    # Scripts without spaces are read character by character.
    r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]|_"
)
ENDS_A_SENTENCE: Final = frozenset(".!?\u3002\uff01\uff1f:;")


class Token(NamedTuple):
    """A word or a mark, and where it stands."""

    text: str
    start: int
    end: int
    begins: bool
    """Whether a sentence begins with it."""


def tokens(text: str, most: int) -> Iterator[Token]:
    """The first *most* tokens of *text*."""
    begins, after = True, 0
    for number, match in enumerate(WORD.finditer(text)):
        if number == most:
            return
        start, end = match.span()
        begins = begins or "\n" in text[after:start]
        word = match.group()[:LONGEST_WORD].lower()
        yield Token(word, start, end, begins)
        begins, after = word in ENDS_A_SENTENCE, end


def features_of_word(word: str) -> list[int]:
    """The features of a word alone: itself and its parts."""
    found = [_bucket(f"w {word}")]
    if len(word) < SMALLEST_PART or not word.isalpha():
        return found
    marked = f"<{word}>"
    for size in range(SMALLEST_PART, LARGEST_PART + 1):
        found.extend(_bucket(marked[at : at + size]) for at in range(len(marked) - size + 1))
    return found


def features_of_neighbours(word: str, before: str, second: str) -> tuple[int, int, int]:
    """The features of *word* after *before*, which comes after *second*."""
    # Once for each word of a text: three calls less are a sixth of the classifier's time.
    return (
        crc32(f"2 {before} {word}".encode("utf-8", "surrogatepass")) & MASK,
        crc32(f"3 {second} {before} {word}".encode("utf-8", "surrogatepass")) & MASK,
        crc32(f"s {second} {word}".encode("utf-8", "surrogatepass")) & MASK,
    )


def neighbours(read: list[Token]) -> Iterator[tuple[str, str, str]]:
    """Each word with the two before it, as far as its sentence has them."""
    before = second = START
    for token in read:
        if token.begins:
            before, second = START, START
        yield token.text, before, second
        before, second = token.text, before


def _bucket(feature: str) -> int:
    return crc32(feature.encode("utf-8", "surrogatepass")) & MASK
