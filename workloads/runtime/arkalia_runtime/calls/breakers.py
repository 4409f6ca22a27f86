"""The breaker's library, without what it loads for a store that is not used here.

purgatory imports redis-py wherever that is installed: 15 MiB in every service that calls another.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Let imports of *package* fail, as if it were not installed; unless it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


with _without("redis"):
    from purgatory import AsyncCircuitBreakerFactory as AsyncCircuitBreakerFactory
    from purgatory.domain.model import OpenedState as OpenedState
