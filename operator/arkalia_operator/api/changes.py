"""`spec.changes`: when changes are carried out."""

from __future__ import annotations

from typing import Literal

from arkalia_operator.api.base import ApiModel

DriftPolicy = Literal["Repair", "Report"]
"""What becomes of fields that somebody else has changed in the system's objects."""


class Changes(ApiModel):
    """When changes are carried out."""

    drift_policy: DriftPolicy = "Repair"
    """What becomes of fields that somebody else has changed in the system's objects. `Repair`: they
    are changed back at once, and an Event tells who had changed what. `Report`: they are left, and
    the condition `Drifted` tells it; the next change of the spec that concerns the object brings
    them back. What is deleted is made again either way."""
