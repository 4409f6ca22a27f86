"""Measurements that wait are there whenever somebody reads."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

from arkalia_runtime.batches import MOST, Batch


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def measure(registry):
    batch = Batch(registry)
    counter = Counter("asked", "How often.", registry=registry)
    histogram = Histogram("took", "How long.", buckets=(1, 2), registry=registry)
    return lambda seconds: batch.add(counter, histogram, seconds)


def test_reader_sees_what_was_measured_before(registry, measure):
    measure(0.5)
    measure(1.5)

    assert registry.get_sample_value("asked_total") == 2
    assert registry.get_sample_value("took_sum") == 2.0
    assert registry.get_sample_value("took_bucket", {"le": "1.0"}) == 1
    assert registry.get_sample_value("took_bucket", {"le": "+Inf"}) == 2


def test_what_was_read_is_not_counted_again(registry, measure):
    measure(0.5)

    assert [registry.get_sample_value("asked_total") for _ in range(2)] == [1, 1]


def test_no_more_than_a_few_wait(registry):
    batch, elsewhere = Batch(registry), CollectorRegistry()
    counter = Counter("asked", "How often.", registry=elsewhere)
    histogram = Histogram("took", "How long.", buckets=(1,), registry=elsewhere)
    for _ in range(MOST):
        batch.add(counter, histogram, 0.1)

    assert elsewhere.get_sample_value("asked_total") == MOST
