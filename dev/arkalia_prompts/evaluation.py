"""Evaluation on prompts that nobody here wrote: `python -m arkalia_prompts.evaluation FOLDER`.

Nothing in the folder is trained on, and nothing of it is kept. What share of attacks is caught says
nothing without what share of harmless prompts is held for one, so both always stand side by side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from arkalia_assistantia.prompts.validation import validate

USE: Final = "usage: python -m arkalia_prompts.evaluation FOLDER"


class Prompt(NamedTuple):
    """A prompt, and whether it is an attack."""

    text: str
    is_attack: bool


class Figure(NamedTuple):
    """What became of the prompts of one file that are attacks, or of those that are none."""

    file: str
    are_attacks: bool
    prompts: int
    suspicious: int

    @property
    def share(self) -> float:
        """Of attacks: caught. Of others: false alarms."""
        return self.suspicious / self.prompts if self.prompts else 0.0


def figures(folder: Path) -> list[Figure]:
    """What the validation says of each file of *folder*."""
    return [figure for path in sorted(folder.glob("*.json")) for figure in _of_file(path)]


def together(of: Iterable[Figure], *, attacks: bool) -> Figure:
    """All attacks, or all harmless prompts, of several files."""
    chosen = [each for each in of if each.are_attacks is attacks]
    prompts, suspicious = sum(f.prompts for f in chosen), sum(f.suspicious for f in chosen)
    return Figure("all", attacks, prompts, suspicious)


def prompts_in(content: Any) -> Iterator[Prompt]:
    """The prompts of a file: in the form of NotInject, of BIPIA or of CyberSecEval.

    Raises ValueError for any other.
    """
    if isinstance(content, dict):
        yield from (Prompt(text, is_attack=True) for texts in content.values() for text in texts)
        return
    for each in content:
        if "user_input" in each:
            yield Prompt(each["user_input"], is_attack=True)
        elif "prompt" in each:
            yield Prompt(each["prompt"], is_attack=bool(each.get("label", 0)))
        else:
            message = f"it has neither `user_input` nor `prompt`, but {', '.join(each)}"
            raise ValueError(message)


def main(arguments: list[str]) -> int:
    """Print a line for each figure. Returns the exit code."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(USE, file=sys.stderr)
        return 2
    found = figures(Path(arguments[0]))
    for each in (*found, together(found, attacks=True), together(found, attacks=False)):
        print(_line(each))
    return 0


def _of_file(path: Path) -> Iterator[Figure]:
    read = list(prompts_in(json.loads(path.read_text(encoding="utf-8"))))
    for are_attacks in (True, False):
        texts = [each.text for each in read if each.is_attack is are_attacks]
        if texts:
            suspicious = sum(validate(text).is_suspicious for text in texts)
            yield Figure(path.stem, are_attacks, len(texts), suspicious)


def _line(figure: Figure) -> str:
    what = "attacks caught" if figure.are_attacks else "false alarms"
    return f"{figure.file:<28}{what:<16}{figure.share:>7.1%}  {figure.suspicious}/{figure.prompts}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
