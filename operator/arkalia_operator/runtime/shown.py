"""Which conditions hold, as metrics: an alert can say that a system is not ready.

A system that is gone must not be shown for ever, so what is shown is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable

from arkalia_operator import metrics
from arkalia_operator.api.conditions import Condition
from arkalia_operator.cluster.store import SystemKey


class ShownConditions:
    """The conditions of every system that was told."""

    def __init__(self) -> None:
        self._types: dict[SystemKey, frozenset[str]] = {}

    def show(self, key: SystemKey, conditions: Iterable[Condition]) -> None:
        """The system *key* has these *conditions*, and no others."""
        told = {str(each.type): each.status == "True" for each in conditions}
        self._remove(key, self._types.get(key, frozenset()) - told.keys())
        for kind, holds in told.items():
            metrics.CONDITIONS.labels(key.namespace, key.name, kind).set(holds)
        self._types[key] = frozenset(told)

    def hide(self, key: SystemKey) -> None:
        """The system *key* is gone."""
        self._remove(key, self._types.pop(key, frozenset()))

    def hide_all(self) -> None:
        """Another operator shows them from now on."""
        for key in tuple(self._types):
            self.hide(key)

    def _remove(self, key: SystemKey, types: frozenset[str]) -> None:
        for kind in types:
            metrics.CONDITIONS.remove(key.namespace, key.name, kind)
