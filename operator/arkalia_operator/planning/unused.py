"""Whether all that was written has its effect, in one verdict that holds nothing up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired.kinds import PROMETHEUS_RULE, SERVICE_MONITOR, Kind
from arkalia_operator.desired.resolved import Problem
from arkalia_operator.planning.evidence import Evidence
from arkalia_operator.planning.verdicts import Verdict

ASKED_FOR: Final[dict[str, Kind]] = {
    "service_monitors": SERVICE_MONITOR,
    "alert_rules": PROMETHEUS_RULE,
}
"""By field of `spec.monitoring`. By default these follow their kinds, and nobody asked for them."""


def verdict(evidence: Evidence) -> Verdict:
    """The condition `FieldsIgnored`."""
    kind = ConditionType.FIELDS_IGNORED
    found = [*evidence.desired.resolution.unused, *_not_served(evidence)]
    if not found:
        return Verdict(kind, "False", Reason.EVERYTHING_USED, Reason.EVERYTHING_USED.meaning)
    return Verdict(
        kind, "True", found[0].reason, "; ".join(first_of([each.message for each in found]))
    )


def _not_served(evidence: Evidence) -> Iterator[Problem]:
    """Objects that somebody asked for in so many words, of a kind that is not there."""
    monitoring = evidence.system.spec.monitoring
    for field, kind in ASKED_FOR.items():
        asked = field in monitoring.model_fields_set and getattr(monitoring, field)
        if asked and kind.name not in evidence.observed.served:
            name = type(monitoring).model_fields[field].alias
            yield Problem(
                Reason.KIND_NOT_SERVED,
                f"spec.monitoring.{name}: the cluster does not serve {kind.name} of "
                f"{kind.api_version}: install the Prometheus operator, or leave the field out; the "
                "objects follow once the kind is served",
            )
