"""What the API server says of a resource of which no operator has said anything yet."""

from __future__ import annotations

from typing import Any, Final

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason

NOT_LOOKED_AT: Final[dict[str, Any]] = {
    "conditions": [
        {
            "type": ConditionType.READY.value,
            "status": "Unknown",
            "reason": Reason.NOT_LOOKED_AT.value,
            "message": "No operator has looked at this resource yet: `arkalia status` tells why.",
            "observedGeneration": 0,
            "lastTransitionTime": "1970-01-01T00:00:00Z",
        }
    ]
}
"""The status of a resource that has none, as the API server fills it in. It is nobody's word."""
