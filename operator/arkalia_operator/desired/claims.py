"""What a volume is asked for with."""

from __future__ import annotations

from arkalia_operator.api.data import Storage
from arkalia_operator.api.llm import ModelStorage
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.quantities import canonical_quantity


def claim(storage: Storage | ModelStorage) -> Manifest:
    """The spec of the claim: one pod writes to it."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": canonical_quantity(storage.size)}},
        **present(storageClassName=storage.storage_class_name),
    }
