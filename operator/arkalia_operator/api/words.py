"""Words of the API that carry their meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Explained(StrEnum):
    """A word of the API that carries its meaning, for the reference and for people who ask."""

    meaning: str
    remedy: str
    """What to do about it; empty where nothing is to be done."""

    def __new__(cls, value: str, meaning: str, remedy: str = "") -> Self:
        """The word *value*, which says *meaning* and asks for *remedy*."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        word.remedy = remedy
        return word
