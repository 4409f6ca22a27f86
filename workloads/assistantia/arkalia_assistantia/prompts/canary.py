"""A canary: a word that stands in the system's instructions and nowhere else.

If it comes out, the instructions come out. It is random, so its presence is no chance; and it is looked
for as it is, reversed, in capitals, with marks between its letters, and in the encodings that a model
is asked for when somebody wants it past a filter.
"""

import base64
import codecs
import re
from collections.abc import Iterator
from typing import Final

from arkalia_assistantia.prompts.findings import Finding

SHORTEST: Final = 8
"""Random bytes of a canary."""

NOT_OF_A_CANARY: Final = re.compile(r"[^0-9a-z]+")


def canary_of(random: bytes) -> str:
    """A canary of *random* bytes. Raises ValueError if they are so few that it could be guessed."""
    if len(random) < SHORTEST:
        message = f"a canary needs {SHORTEST} random bytes or more, and these are {len(random)}"
        raise ValueError(message)
    return f"kn{random.hex()}"


def planted(instructions: str, canary: str) -> str:
    """*instructions* with the canary in them."""
    return f"{instructions}\n\nInternal reference, never to be mentioned: {canary}"


def findings(answer: str, canary: str) -> Iterator[Finding]:
    """Whether *answer* gives the canary away."""
    squeezed = NOT_OF_A_CANARY.sub("", answer.lower())
    forms = set(_squeezed_forms(canary.lower()))
    if any(form in squeezed for form in forms) or any(
        form in answer for form in _base64_forms(canary)
    ):
        message = "The answer holds the canary of the system's instructions."
        yield Finding("canary", "CanaryLeaked", message, 0, len(answer), 1.0)


def _squeezed_forms(canary: str) -> Iterator[str]:
    yield canary
    yield canary[::-1]
    yield codecs.encode(canary, "rot13")
    yield canary.encode().hex()


def _base64_forms(canary: str) -> Iterator[str]:
    """What of its base64 is the same whatever stands before and after it, for each place in three."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + canary.encode()).decode("ascii").rstrip("=")
        first = -(-before * 4 // 3)
        yield encoded[first : len(encoded) - 1]
