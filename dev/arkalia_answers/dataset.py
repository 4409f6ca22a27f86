"""Examples: an answer with what is known, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from arkalia_answers import held_out, mutations, phrasings, worlds
from arkalia_answers.phrasings import Family, sentence
from arkalia_answers.worlds import STATES, Known, Names, World
from arkalia_sandozia.evidence import Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.validation import Question

FEWEST_ITEMS: Final = 2
MOST_ITEMS: Final = 6
SAMPLES: Final = 4
NOISE: Final = 0.08
"""How often a sample errs in a thing that the model knows."""
METRICS: Final = {
    "cpu": "cpu_usage_ratio",
    "memory": "memory_working_set_bytes",
    "latency": "latency_p95_seconds",
    "errors": "errors_ratio",
    "requests": "requests_per_second",
    "replicas": "replicas",
    "restarts": "restarts_total",
    "alerts": "alerts",
    "ready": "ready",
    "enabled": "tracing_enabled",
    "node": "node",
    "version": "version",
    "since": "since",
}
"""What a fact is called; a backup is told in words only."""


@dataclass(frozen=True)
class Example:
    """An answer of which it is known whether it holds."""

    question: Question
    holds: bool
    mutation: str = ""


@dataclass(frozen=True)
class Split:
    """One of the parts that share nothing."""

    family: Family
    names: Names
    seed: str


FIT: Final = Split(phrasings.FIT, worlds.FIT, "fit")
SECOND: Final = Split(phrasings.SECOND, worlds.SECOND, "second")
THIRD: Final = Split(phrasings.THIRD, worlds.THIRD, "third")
SPLITS: Final = (FIT, SECOND, THIRD)
"""What is fitted."""
HELD_OUT: Final = Split(held_out.FAMILY, held_out.NAMES, "held out")


def grounded(split: Split, number: int) -> list[Example]:
    """*number* examples with evidence; of every two, one holds and one does not."""
    random = Random(f"{split.seed}, evidence")
    return [_grounded(random, split, holds=at % 2 == 0) for at in range(number)]


def repeated(split: Split, number: int) -> list[Example]:
    """*number* examples without evidence and with other answers of the same model."""
    random = Random(f"{split.seed}, samples")
    return [_repeated(random, split, holds=at % 2 == 0) for at in range(number)]


def contradictory(split: Split, number: int) -> list[Example]:
    """*number* examples without evidence that come back to what they said, or contradict it."""
    random = Random(f"{split.seed}, contradictions")
    return [_contradictory(random, split, holds=at % 2 == 0) for at in range(number)]


def _grounded(random: Random, split: Split, *, holds: bool) -> Example:
    world = worlds.world(random, split.names)
    items, mutation = _items(random, world), ""
    if not holds:
        items, mutation = _mutated(random, world, items)
    facts, told = _evidence(random, world)
    said = [sentence(random, split.family.evidence, each, each.subject) for each in told]
    whole = all(each.endswith(".") for each in said)
    text = (random.choice(" \n") if whole else "\n").join(said)
    prompt = random.choice(split.family.prompts).format(s=items[0].subject)
    question = Question(
        answer=_answer(random, split.family, items),
        prompt=prompt,
        facts=tuple(facts),
        sources=(Source("context", text),) if told else (),
    )
    return Example(question, holds, mutation)


def _repeated(random: Random, split: Split, *, holds: bool) -> Example:
    """A model that knows a thing says it again; one that does not says something else each time."""
    world = worlds.world(random, split.names)
    items, at = _items(random, world), 0
    mutate = (mutations.number, mutations.elsewhere, mutations.negation, mutations.day)
    samples = []
    able = [
        number
        for number, each in enumerate(items)
        if any(one(random, world, each) for one in mutate)
    ]
    at = random.choice(able) if able else 0
    for _ in range(SAMPLES):
        said = [
            _again(random, world, each, 0 if holds or n != at else 1)
            for n, each in enumerate(items)
        ]
        random.shuffle(said)
        samples.append(_answer(random, split.family, said))
    answer = [
        _again(random, world, each, -1 if holds or n != at else 1) for n, each in enumerate(items)
    ]
    question = Question(answer=_answer(random, split.family, answer), samples=tuple(samples))
    return Example(question, holds, "" if holds else "guessed")


def _again(random: Random, world: World, each: Known, doubt: int) -> Known:
    """*each*, said again: for sure (-1), with some noise (0), or as a guess (1)."""
    if doubt < 0 or (doubt == 0 and random.random() > NOISE):
        return each
    if each.attribute in STATES:
        return worlds.changed(each, random.random() < 0.5)
    return worlds.changed(each, worlds.drawn(random, each.attribute, world.names))


def _contradictory(random: Random, split: Split, *, holds: bool) -> Example:
    world = worlds.world(random, split.names)
    items = _items(random, world)
    again, mutation = random.choice(items), ""
    for name in ("number", "negation", "date", "text"):
        other = None if holds else mutations.ALL[name](random, world, again)
        if other:
            again, mutation = other, name
            break
    said = [*items, again]
    question = Question(answer=_answer(random, split.family, said))
    return Example(question, holds or not mutation, mutation)


def _items(random: Random, world: World) -> list[Known]:
    """What an answer tells: mostly of one module, sometimes of two."""
    subjects = random.sample(world.subjects, random.choice((1, 1, 2)))
    able = [each for subject in subjects for each in world.of(subject)]
    number = min(len(able), random.randint(FEWEST_ITEMS, MOST_ITEMS))
    chosen = random.sample(able, number)
    return sorted(chosen, key=lambda each: each.subject)


def _mutated(random: Random, world: World, items: list[Known]) -> tuple[list[Known], str]:
    """*items* with one of them changed."""
    for name in random.sample(sorted(mutations.ALL), len(mutations.ALL)):
        for at in random.sample(range(len(items)), len(items)):
            other = mutations.ALL[name](random, world, items[at])
            if other and other != items[at]:
                return [*items[:at], other, *items[at + 1 :]], name
    message = "nothing can be changed: a stranger always can be named"
    raise AssertionError(message)


def _evidence(random: Random, world: World) -> tuple[list[Fact], list[Known]]:
    """What is told as facts, and what in words."""
    share = random.choice((0.0, 0.5, 1.0))
    facts, told = [], []
    for each in world.known:
        if each.attribute in METRICS and random.random() < share:
            facts.append(Fact(each.subject, METRICS[each.attribute], each.value))
        else:
            told.append(each)
    return facts, told


def _answer(random: Random, family: Family, items: list[Known]) -> str:
    """*items* as sentences or as a list, with words around that claim nothing."""
    said = [_said(random, family, each) for each in items]
    if random.random() < 0.25:
        body = "\n".join(f"- {each}" for each in said)
    else:
        body = " ".join(_joined(random, said))
    before, after = (random.choice((*family.fillers, "", "")) for _ in range(2))
    return f"{before}\n{body}\n{after}".strip()


def _said(random: Random, family: Family, each: Known) -> str:
    short = each.subject.partition("-")[2]
    return sentence(random, family.answers, each, random.choice((each.subject, short, short)))


def _joined(random: Random, said: list[str]) -> list[str]:
    """Sentences; sometimes two things stand in one."""
    sentences, rest = [], list(said)
    while rest:
        first = rest.pop(0)
        if rest and random.random() < 0.35:
            first = random.choice(("{}, and {}", "{}; {}", "{} and {}")).format(first, rest.pop(0))
        sentences.append(f"{first[0].upper()}{first[1:]}.")
    return sentences
