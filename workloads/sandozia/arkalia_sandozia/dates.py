"""Dates and times of the day, as quantities: a date is its number of days, a time its minutes."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from arkalia_sandozia import lexicon
from arkalia_sandozia.numbers import Kind, Quantity

_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)\S{0,24})?")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")
_DAY: Final = re.compile(r"([0-3]?\d)(?:st|nd|rd|th|er)?")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")

Token = tuple[int, int, str]
"""Begin, end and text."""


def written(token: Token) -> list[Quantity]:
    """The date and the time that stand in one word: `2026-11-25`, `10:30`."""
    start, end, text = token
    if not text[0].isdigit():
        return []
    iso = _ISO.fullmatch(text)
    if iso:
        year, month, day, hours, minutes = iso.groups()
        found = [_date((start, end), text, (int(year), int(month), int(day)))]
        if hours:
            found.append(_clock((start, end), text, int(hours), int(minutes)))
        return [each for each in found if each]
    clock = _CLOCK.fullmatch(text)
    return [_clock((start, end), text, int(clock[1]), int(clock[2]))] if clock else []


def spelled(tokens: Sequence[Token], at: int) -> tuple[Quantity, int] | None:
    """The date that begins with the token *at*, and how many tokens it takes.

    `25 November 2026` and `November 25, 2026`; without a year it is none.
    """
    first = tokens[at][2]
    if not first[0].isdigit() and first.lower() not in lexicon.MONTHS:
        return None
    words = [text for _, _, text in tokens[at : at + 4]]
    for month_at, day_at in ((1, 0), (0, 1)):
        found = _spelled(words, month_at, day_at)
        if found:
            days, count = found
            span = tokens[at][0], tokens[at + count - 1][1]
            quantity = _date(span, " ".join(words[:count]).replace(" ,", ","), days)
            return (quantity, count) if quantity else None
    return None


def _spelled(
    words: list[str], month_at: int, day_at: int
) -> tuple[tuple[int, int, int], int] | None:
    if len(words) <= max(month_at, day_at):
        return None
    month, day = lexicon.MONTHS.get(words[month_at].lower()), _DAY.fullmatch(words[day_at])
    if not month or not day:
        return None
    rest = [word for word in words[2:] if word != ","]
    if not rest or not _YEAR.fullmatch(rest[0]):
        return None
    return (int(rest[0]), month, int(day[1])), words.index(rest[0], 2) + 1


def _date(span: tuple[int, int], text: str, days: tuple[int, int, int]) -> Quantity | None:
    with suppress(ValueError):
        return Quantity(*span, text, float(date(*days).toordinal()), Kind.DATE, 0.0)
    return None


def _clock(span: tuple[int, int], text: str, hours: int, minutes: int) -> Quantity:
    return Quantity(*span, text, hours * 60.0 + minutes, Kind.CLOCK, 0.0)
