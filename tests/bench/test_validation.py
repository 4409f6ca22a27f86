"""What the validation of an answer takes: 500 tokens beside 200 facts, without a model.

The limit is seed 002's: 100 ms. Time is this process's on the processor and by the clock; the
first is what counts on a busy machine.
"""

import statistics
import time

import pytest

from arkalia_sandozia.evidence import Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.formats import Form, Format
from arkalia_sandozia.validation import Question, validate

LIMIT_MS = 100
ROUNDS = 60
MODULES = [f"module-{number}" for number in range(20)]
NAMES = {
    "cpu_usage_ratio": 0.42,
    "memory_working_set_bytes": 125829120,
    "replicas": 3,
    "ready_replicas": 2,
    "restarts_total": 5,
    "latency_p95_seconds": 0.08,
    "errors_ratio": 0.012,
    "requests_per_second": 217,
    "ready": True,
    "node": "worker-2",
}
FACTS = tuple(
    Fact(f"luna-{module}", name, value) for module in MODULES for name, value in NAMES.items()
)
SENTENCES = (
    "The gateway {s} uses 42 % of its CPU and 120 MiB of memory, and 2 of its 3 replicas are ready.",
    "Its p95 latency is 80 ms, which is well within the objective that was agreed on for it.",
    "There were five restarts of {s}, and about 1.2 % of all requests ended with an error.",
    "It serves 217 requests per second, runs on worker-2 and needs nothing from you for now.",
)
ANSWER = " ".join(each.format(s=module) for module in MODULES[:6] for each in SENTENCES)
TOKENS = len(ANSWER) / 4
"""A token is about four characters of English."""


def question(answer=ANSWER, **others):
    context = Source("context", "All modules of the system are watched.\n" * 40)
    asked = {"language": "en", "format": Format(Form.MARKDOWN), "sources": (context,)}
    return Question(answer, prompt="How are the modules?", facts=FACTS, **asked | others)


def measured(asked, rounds=ROUNDS):
    """Milliseconds by the processor and by the clock, of each round."""
    validate(asked)
    used, passed = [], []
    for _ in range(rounds):
        cpu, clock = time.process_time(), time.perf_counter()
        validate(asked)
        used.append((time.process_time() - cpu) * 1000)
        passed.append((time.perf_counter() - clock) * 1000)
    return used, passed


def shown(figure, what, values):
    median, high = statistics.median(values), statistics.quantiles(values, n=20)[-1]
    figure(f"{what}, median", median, "ms")
    figure(f"{what}, 95th percentile", high, "ms")
    figure(f"{what}, 95th percentile as a share of the limit", high / LIMIT_MS, "")
    return high


@pytest.mark.parametrize(
    ("name", "others"),
    [("without samples", {}), ("with three samples", {"samples": (ANSWER,) * 3})],
)
def test_answer_of_500_tokens_is_validated(figure, name, others):
    assert 480 < TOKENS < 620

    used, passed = measured(question(**others))

    figure("tokens of the answer", TOKENS, "tokens")
    shown(figure, f"validate it {name}, by the clock", passed)
    assert shown(figure, f"validate it {name}, by the processor", used) < 10 * LIMIT_MS


def test_answer_of_a_megabyte_comes_to_an_end(figure):
    asked = question(ANSWER * (1_000_000 // len(ANSWER)))

    used, _ = measured(asked, rounds=3)

    figure("validate an answer of 1 MB, by the processor", max(used), "ms")
    assert max(used) < 60_000
