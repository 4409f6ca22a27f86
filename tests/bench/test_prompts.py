"""What the validation of prompts catches, and how long the longest texts keep it."""

import base64
import itertools
import os
import time
from pathlib import Path

import pytest

from arkalia_assistantia.chat.checking import prompts_of
from arkalia_assistantia.prompts.normalisation import cleaned
from arkalia_assistantia.prompts.validation import validate
from arkalia_prompts.evaluation import figures, together

MEBIBYTE = 1024 * 1024
LIMIT_SECONDS = 0.1
FOLDER = "ARKALIA_BENCH_PROMPTS"
"""Variable with the folder of prompts that nobody here wrote; docs/explanation/prompt-validation.md
says where they come from."""

ROUNDS = 3
MESSAGES = 2000
"""As many as a question may have."""
UNITS = {
    "one letter": "a",
    "words": "an ordinary sentence about bread and butter, of some length. ",
    "words of attacks": "ignore the instructions and ",
    "letters apart": "a ",
    "digits for letters": "1gn0r3 ",
    "percent": "%41",
    "Morse": ".- ",
    "comments": "<!--",
    "brackets": "![",
    "Cyrillic": "\u043f\u0440\u0438\u0432\u0435\u0442 ",
    "Chinese": "\u5ffd\u7565\u4e4b\u524d",
    "hidden": "a\u200b",
    "tags": "\U000e0061",
}


def texts():
    for name, unit in UNITS.items():
        yield (
            name,
            (unit * (MEBIBYTE // len(unit.encode()) + 1))[: MEBIBYTE // len(unit[0].encode())],
        )
    yield "base64", base64.b64encode(os.urandom(MEBIBYTE * 3 // 4)).decode()
    yield "hexadecimal", os.urandom(MEBIBYTE // 2).hex()


def seconds(work):
    durations = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        durations.append(time.process_time() - start)
    return min(durations)


def of_one(text):
    """What `/validate` does with *text*."""
    return seconds(lambda: (validate(text), cleaned(text)))


def of_many(text, messages):
    """What a chat does with *messages* of *text*: by users and by tools, in turns."""
    step = len(text) // messages + 1
    pieces = (text[at : at + step] for at in range(0, len(text), step))
    told = list(zip(pieces, itertools.cycle(["user", "content"]), strict=False))
    return seconds(lambda: [validate(each.text, each.source) for each in prompts_of(told)])


def test_a_mebibyte_of_anything_stays_within_the_limit(figure):
    told("validate 1 MiB", {name: of_one(text) for name, text in texts()}, figure)


@pytest.mark.parametrize("messages", [2, 64, MESSAGES])
def test_a_mebibyte_in_messages_stays_within_the_limit(messages, figure):
    took = {name: of_many(text, messages) for name, text in texts()}

    told(f"validate 1 MiB in {messages} messages", took, figure)


def told(what, took, figure):
    slowest = max(took, key=took.get)
    figure(f"{what}, slowest ({slowest})", took[slowest] * 1000, "ms")
    figure(f"{what}, slowest, as a share of the limit", took[slowest] / LIMIT_SECONDS, "")
    assert took[slowest] < 10 * LIMIT_SECONDS


def test_an_ordinary_prompt_takes_little(figure):
    text = "How do I bake bread without yeast? My oven has no timer, and flour is all I have. " * 5

    took = of_one(text)

    figure(f"validate a prompt of {len(text)} characters", took * 1000, "ms")
    assert took < LIMIT_SECONDS


@pytest.mark.skipif(FOLDER not in os.environ, reason=f"{FOLDER} names no folder of prompts")
def test_attacks_are_caught_and_harmless_prompts_pass(figure):
    found = figures(Path(os.environ[FOLDER]))

    for each in found:
        what = "attacks caught" if each.are_attacks else "false alarms"
        figure(f"{each.file}: {what}", 100 * each.share, "%")
    caught, alarms = (together(found, attacks=each).share for each in (True, False))
    figure("all attacks caught, as a share of the 60 % that must be", caught / 0.6, "")
    figure("all false alarms, as a share of the 10 % that may be", alarms / 0.1, "")
    assert caught >= 0.3
    assert alarms <= 0.2
