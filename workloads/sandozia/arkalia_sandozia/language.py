"""Language: in which one a text is, by the words that every text of it has.

Told only for texts of some length, and only between languages that are listed; of others it says
nothing. Code is not read: its words are English in every language.
"""

import re
from collections import Counter
from typing import Final

COMMON: Final = {
    "en": "the of and to in is that it was for are with as on be this have from or had by not but "
    "what all were we when your can there an which their will would about if no so has you",
    "fr": "le la les de des du et en un une est que qui dans pour pas au sur par plus avec ce il "
    "sont ne se vous nous aux cette mais ou comme elle été être fait deux tout ont sans",
    "de": "der die das und ist in den von zu mit sich des auf für im dem nicht ein eine als auch es "
    "an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über so zum",
    "es": "el la los las de y en que es un una por con para se del al no su más como lo pero sus le "
    "ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde",
    "it": "il di che e la un per è in una sono mi ho con non si lo ma le da del dei della alla gli "
    "come più anche questo ha nel io se ci cosa tutto perché delle sul dal",
    "pt": "o a os as de que e do da em um para é com não uma no se na por mais dos como mas foi ao "
    "ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo",
    "nl": "de het een van en in is dat op te zijn met voor niet aan er om ook als dan maar bij of "
    "uit nog naar heeft ze wordt door over worden hij dit ik je wat meer geen we",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in COMMON.items()}
LANGUAGES: Final = tuple(COMMON)

FEWEST_WORDS: Final = 8
"""A text with fewer of them is not judged."""
LEAD: Final = 1.3
"""So many times as many common words as of the expected language there must be of another."""
MOST_CHARACTERS: Final = 20_000
"""So much of a text is looked at."""
SCRIPT_SHARE: Final = 0.5
"""A text with a larger share of letters of another script is in none of the languages."""

_CODE: Final = re.compile(r"```[^`]*```|`[^`\n]*`")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN_ENDS: Final = 0x250


def spoken(text: str) -> str | None:
    """The language of *text*: one of LANGUAGES, `other` for another script; None if unclear."""
    words = [each.lower() for each in _WORD.findall(_CODE.sub(" ", text[:MOST_CHARACTERS]))]
    letters = sum(len(each) for each in words)
    foreign = sum(ord(letter) >= _LATIN_ENDS for each in words for letter in each)
    if letters and foreign / letters > SCRIPT_SHARE:
        return "other"
    if len(words) < FEWEST_WORDS:
        return None
    counts = Counter(name for each in words for name, known in _WORDS.items() if each in known)
    ranked = counts.most_common(2)
    if not ranked or ranked[0][1] < len(words) / FEWEST_WORDS:
        return None
    second = ranked[1][1] if len(ranked) > 1 else 0
    return ranked[0][0] if ranked[0][1] >= LEAD * second else None
