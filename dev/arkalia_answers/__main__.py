"""`python -m arkalia_answers [--check]`: fit the validation of answers, and judge it.

That takes a while, so it is done only if something has changed that it stands on: a digest of those
sources is kept with the result. A test fits again and compares.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from arkalia_answers import page
from arkalia_operator.api.generated import CHECKOUT, GeneratedFiles, run

COMMAND: Final = "python -m arkalia_answers"
CORE: Final = Path("workloads/sandozia/arkalia_sandozia")
WEIGHTS: Final = CORE / "calibration.json"
FIGURES: Final = Path("dev/arkalia_answers/figures.json")
PAGE: Final = Path("docs/explanation/validation.md")

SHELL: Final = frozenset(
    ("__main__.py", "app.py", "forms.py", "measures.py", "settings.py", "validating.py")
)
"""Files that nothing of it stands on."""


def digest() -> str:
    """Of everything that the result stands on."""
    sources = [*(CHECKOUT / CORE).glob("*.py"), *(CHECKOUT / FIGURES.parent).glob("*.py")]
    texts = (each.read_bytes() for each in sorted(sources) if each.name not in SHELL)
    return sha256(b"\0".join(texts)).hexdigest()[:16]


def results() -> dict[Path, dict[str, Any]]:
    """Weights and figures, made anew."""
    from arkalia_answers import calibration  # noqa: PLC0415 - most runs need nothing of it

    witnesses = {name: calibration.witness(name) for name in calibration.KINDS}
    stamp = {"generated_by": COMMAND, "digest": digest()}
    weights = {
        name: {"intercept": each.intercept, "weights": dict(each.weights)}
        for name, each in witnesses.items()
    }
    figures = {name: calibration.judged(name, each) for name, each in witnesses.items()}
    return {WEIGHTS: stamp | {"witnesses": weights}, FIGURES: stamp | {"figures": figures}}


def kept() -> dict[Path, dict[str, Any]]:
    """Weights and figures as they were written last."""
    return {
        path: json.loads((CHECKOUT / path).read_text(encoding="utf-8"))
        for path in (WEIGHTS, FIGURES)
        if (CHECKOUT / path).exists()
    }


def is_current(documents: dict[Path, dict[str, Any]]) -> bool:
    """Whether *documents* were made from the sources as they are."""
    stamps = [each.get("digest") for each in documents.values()]
    return stamps == [digest()] * 2


def texts() -> dict[str, str]:
    """Path and content of what is generated."""
    documents = kept()
    if not is_current(documents):
        documents = results()
    written = {str(path): json.dumps(each, indent=2) + "\n" for path, each in documents.items()}
    prose = (CHECKOUT / PAGE).read_text(encoding="utf-8")
    return written | {str(PAGE): page.filled(prose, documents[FIGURES]["figures"])}


if __name__ == "__main__":
    sys.exit(run(GeneratedFiles(COMMAND, texts(), ())))
