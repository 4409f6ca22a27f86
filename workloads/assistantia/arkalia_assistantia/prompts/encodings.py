"""Encodings: what a text says once it is decoded.

A model reads base64 and follows it; a filter of words does not. Each pattern has a length that it
needs and cannot go back over what it has read, so the work is linear. Payloads are bounded in number
and length, and a payload in a payload is decoded once more, and no further.
"""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

MOST: Final = 16
"""Payloads of one text that are decoded."""

LONGEST: Final = 4096
"""Characters of a payload that are decoded."""

SHORTEST: Final = 6
"""Characters of a decoded text that can say something."""

READABLE: Final = 0.85
"""Share of letters, spaces and usual marks of a decoded text that is one."""

NESTED: Final = 2
"""How often a payload is decoded that is in a payload."""

COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        "the a an of to and in is you your all my me for with this that what how not do tell it are be "
        "on as from or have will can now say give show system prompt rules instructions previous "
        "password secret ignore",
    )
)
MORSE: Final = dict(
    zip(
        re.findall(
            r"\S+",
            ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- "
            ".-- -..- -.-- --..",
        ),
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)
LEET: Final = str.maketrans("013457@$!", "oieastasi")
LEET_WORD: Final = re.compile(
    r"(?<![\w@$!])(?=[^\W\d]{0,20}[\d@$!])(?=[\d@$!]{0,20}[^\W\d])[\w@$!]{3,20}(?![\w@$!])"
)
MOST_LEET_WORDS: Final = 200


class Payload(NamedTuple):
    """A text that was encoded."""

    encoding: str
    text: str
    start: int
    end: int
    """Where it stood."""


class Encoding(NamedTuple):
    """A way to write a text, and back."""

    name: str
    pattern: re.Pattern[str]
    decode: Callable[[str], str]


def payloads(text: str) -> Iterator[Payload]:
    """What is encoded in *text*, at most MOST of them, each decoded to its end."""
    found = 0
    for encoding in ENCODINGS:
        for match in encoding.pattern.finditer(text):
            if found == MOST:
                return
            found += 1
            decoded = _decoded(encoding, match.group()[:LONGEST])
            if decoded is not None:
                yield Payload(encoding.name, _to_the_end(decoded), *match.span())


def disguises(text: str) -> Iterator[tuple[str, str]]:
    """Other readings of the whole of *text* that make more sense than itself, with their names."""
    plain = _common_words(text)
    rotated = codecs.encode(text, "rot13")
    if _common_words(rotated) > plain + 1:
        yield "rot13", rotated
    if _common_words(text[::-1]) > plain + 1:
        yield "reversed", text[::-1]


def without_digits_for_letters(text: str) -> str | None:
    """*text* with `1gn0r3` read as it is meant; None if no word is written so. Lengths stay."""
    changed = 0

    def spelt(match: re.Match[str]) -> str:
        nonlocal changed
        word = match.group()
        changed += 1
        return word.translate(LEET) if changed <= MOST_LEET_WORDS else word

    read = LEET_WORD.sub(spelt, text)
    return read if changed else None


def is_readable(text: str) -> bool:
    """Whether a decoded *text* can be one that somebody wrote."""
    if len(text) < SHORTEST:
        return False
    usual = sum(each.isalpha() or each in " .,!?'\"\n-:;" for each in text)
    return usual >= READABLE * len(text)


def _to_the_end(text: str) -> str:
    for _ in range(NESTED - 1):
        for encoding in ENCODINGS:
            match = encoding.pattern.search(text)
            decoded = _decoded(encoding, match.group()[:LONGEST]) if match else None
            if match and decoded is not None:
                text = text[: match.start()] + decoded + text[match.end() :]
                break
    return text


def _decoded(encoding: Encoding, written: str) -> str | None:
    try:
        text = encoding.decode(written)
    except (ValueError, binascii.Error, KeyError):
        return None
    # What is encoded twice is readable after the second time only.
    return text if is_readable(text) or BASE64.search(text) or HEX.search(text) else None


def _common_words(text: str) -> int:
    return sum(word in COMMON for word in text.lower().split())


def _from_base64(written: str) -> str:
    plain = written.rstrip("=").translate(str.maketrans("-_", "+/"))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")


def _from_base32(written: str) -> str:
    plain = written.rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8)).decode("utf-8")


def _from_hex(written: str) -> str:
    return bytes.fromhex(re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", written)).decode("utf-8")


def _from_percent(written: str) -> str:
    return unquote_to_bytes(written).decode("utf-8")


def _from_escapes(written: str) -> str:
    codes = re.findall(r"\\(?:u\{?|x)([0-9A-Fa-f]{2,6})", written)
    return "".join(chr(int(code, 16)) for code in codes)


def _from_binary(written: str) -> str:
    return bytes(int(each, 2) for each in re.findall("[01]{8}", written)).decode("utf-8")


def _from_codes(written: str) -> str:
    return bytes(int(each) for each in re.findall(r"\d+", written)).decode("ascii")


def _from_morse(written: str) -> str:
    words = re.split(r"\s*/\s*|\s{2,}", written.strip())
    return " ".join("".join(MORSE[each] for each in word.split()) for word in words if word)


BASE64: Final = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{12,}={0,2}")
HEX: Final = re.compile(r"(?<![0-9A-Fa-f])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,]?){8,}")
ENCODINGS: Final = (
    Encoding("binary", re.compile(r"(?<![01])(?:[01]{8}[ ,]?){4,}"), _from_binary),
    Encoding("hexadecimal", HEX, _from_hex),
    Encoding("codes", re.compile(r"(?<!\d)(?:\d{2,3}[ ,]{1,2}){6,}\d{2,3}"), _from_codes),
    Encoding("base32", re.compile(r"(?<!\w)[A-Z2-7]{16,}={0,6}(?!\w)"), _from_base32),
    Encoding("base64", BASE64, _from_base64),
    Encoding("percent", re.compile(r"(?:%[0-9A-Fa-f]{2}[\w.~-]{0,20}){3,}"), _from_percent),
    Encoding(
        "escapes", re.compile(r"(?:\\u\{?[0-9A-Fa-f]{4,6}\}?|\\x[0-9A-Fa-f]{2}){4,}"), _from_escapes
    ),
    Encoding("entities", re.compile(r"(?:&#x?[0-9A-Fa-f]{1,6};){4,}"), html.unescape),
    Encoding(
        "morse", re.compile(r"(?<![.-])(?:[.-]{1,5}(?: {1,3}| ?/ ?)){5,}[.-]{1,5}"), _from_morse
    ),
)
