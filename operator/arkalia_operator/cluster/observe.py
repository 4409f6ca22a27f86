"""Store → Observed: a picture of one system that nothing changes any more."""

from __future__ import annotations

from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.planning.observed import Observed


def observe(store: Store, key: SystemKey, served: frozenset[str]) -> Observed:
    """All that is known of the cluster for the system *key*. *served*: optional kinds in use."""
    shelf = store.shelf(key)
    return Observed(
        children=shelf.children,
        pods=tuple(shelf.pods.values()),
        served=served,
        accepted=shelf.accepted,
    )
