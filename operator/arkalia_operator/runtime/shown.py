"""How each system and module is, as metrics: an alert can say that one is not ready.

A system that is gone must not be shown for ever, so what is shown is remembered.
"""

from __future__ import annotations

from arkalia_operator import metrics
from arkalia_operator.api.arkaliasystem import ArkaliaSystemStatus
from arkalia_operator.cluster.store import SystemKey

SHOWN = (metrics.CONDITIONS, metrics.MODULES_READY)


class ShownSystems:
    """The conditions and modules of every system that was told."""

    def __init__(self) -> None:
        self._names: dict[SystemKey, tuple[frozenset[str], ...]] = {}

    def show(self, key: SystemKey, status: ArkaliaSystemStatus) -> None:
        """The system *key* has this *status*, and no other conditions and modules."""
        told = (
            {str(each.type): each.status == "True" for each in status.conditions},
            {each.name: each.ready for each in status.modules},
        )
        self._remove(key, [frozenset(each) for each in told])
        for gauge, values in zip(SHOWN, told, strict=True):
            for name, holds in values.items():
                gauge.labels(*key, name).set(holds)
        self._names[key] = tuple(map(frozenset, told))

    def hide(self, key: SystemKey) -> None:
        """The system *key* is gone."""
        self._remove(key, [frozenset()] * len(SHOWN))
        self._names.pop(key, None)

    def hide_all(self) -> None:
        """Another operator shows them from now on."""
        for key in tuple(self._names):
            self.hide(key)

    def _remove(self, key: SystemKey, but: list[frozenset[str]]) -> None:
        """Show no more what was shown of the system, *but* these names in each metric."""
        for gauge, names, kept in zip(SHOWN, self._names.get(key, ()), but, strict=False):
            for name in names - kept:
                gauge.remove(*key, name)
