"""What the words of status and the alerts mean: `words.json`, generated from the operator and docs.

The command line so explains them without the operator's code and without a network.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

FILE: Final = "words.json"


def load() -> dict[str, dict[str, Any]]:
    """Everything that is known, by word: its `kind`, and sections in the order to read them."""
    known: dict[str, dict[str, Any]] = json.loads(
        files(__name__).joinpath(FILE).read_text(encoding="utf-8")
    )
    return known
