"""Why pods are replaced, and whether they may be now.

On every Deployment and StatefulSet the operator notes what its pod template was made from
(`desired.inputs`), and its digest. So it can tell, also after a restart and years later, a change
that somebody asked for from one that only its own upgrade brings; a template is held by sending
the one that was noted. The note stands on the object and not on its pods: it restarts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from arkalia_contract import labels
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired import Desired, templates
from arkalia_operator.desired.inputs import Inputs
from arkalia_operator.desired.manifest import Manifest, Which
from arkalia_operator.planning.observed import (
    Accepted,
    ChildRecord,
    ObjectKey,
    Observed,
    RolloutGate,
)
from arkalia_operator.planning.ownership import NOTHING, template_digest

CREATED: Final = "created"
UPGRADE: Final = "operator upgrade"
REPAIR: Final = "repair of a change by somebody else"
RESTART: Final = "kubectl rollout restart"
CHANGED_SPEC: Final = "a change of the spec"
"""Of an object that an operator made which noted nothing yet."""
NAMED: Final = 4
"""A reason names this many causes."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is noted on an object about its pod template."""

    template: str
    """Its digest."""
    revision: str
    """Of its pods, see `desired.templates.revision`."""
    reason: str
    """Why it is not the one before."""
    inputs: Inputs = field(default_factory=dict)
    restart: str = ""
    """The last `kubectl rollout restart` when it was made."""


@dataclass(frozen=True, slots=True)
class PlannedRollout:
    """A pod template as it must be sent now, and what is noted about it."""

    made: Made
    held: tuple[str, ...] = ()
    """Causes of the template that waits, if one does; this one is then kept as it is."""
    wanted: str = ""
    """Digest of the template that waits."""
    before: Made | None = None
    """What was noted before, where the template stays."""

    @property
    def is_held(self) -> bool:
        """Whether the template that was rendered is not sent."""
        return bool(self.held)

    @property
    def waits_for_upgrade(self) -> bool:
        """Whether nothing but an upgrade of the operator would replace the pods."""
        return self.held == (UPGRADE,)


def rollout_of(
    key: ObjectKey, manifest: Manifest, desired: Desired, observed: Observed
) -> PlannedRollout:
    """What becomes of the pod template of *manifest*, which is *key*, now."""
    which, template = (key.kind, key.name), manifest["spec"]["template"]
    wanted = Made(
        _digest_of(which, template, desired),
        templates.revision(template),
        CREATED,
        desired.inputs.get(which, {}),
    )
    record = observed.children.get(key)
    if record is None or record.fingerprint == NOTHING:
        return PlannedRollout(wanted)
    wanted = replace(wanted, restart=record.restarted_at)
    made = read(record.made)
    if made is None:
        return _first_note(wanted, record, observed.gate)
    if made.template == wanted.template:
        return PlannedRollout(
            _unchanged(wanted, made, record, observed.accepted.get(key)), before=made
        )
    return _replaced(wanted, made, changed(made.inputs, wanted.inputs), observed.gate)


def _digest_of(which: Which, template: Manifest, desired: Desired) -> str:
    """The digest of *template*, made once for all who plan and judge by it."""
    found = desired.templates.get(which)
    if found is None:
        found = desired.templates[which] = template_digest(template)
    return found


def _first_note(wanted: Made, record: ChildRecord, gate: RolloutGate) -> PlannedRollout:
    """Of an object that an operator made which noted nothing: the live template is the old one."""
    there = replace(wanted, template=record.template, revision="", reason="")
    if record.template == wanted.template:
        return PlannedRollout(replace(there, revision=wanted.revision))
    if not (gate.new_spec or str(record.key) in gate.changed):
        return _replaced(wanted, there, (), gate)
    # What the old template was made from nobody knows: the note says that it was something else.
    there = replace(there, inputs={**wanted.inputs, CHANGED_SPEC: ""})
    return _replaced(wanted, there, (CHANGED_SPEC,), gate)


def _replaced(
    wanted: Made, made: Made, causes: tuple[str, ...], gate: RolloutGate
) -> PlannedRollout:
    """A template that differs from the noted one, because of *causes*: sent now, or held."""
    if gate.rollouts and (causes or gate.upgrades):
        return PlannedRollout(replace(wanted, reason=_reason(causes or (UPGRADE,))))
    return PlannedRollout(made, causes or (UPGRADE,), wanted.template)


def _unchanged(wanted: Made, made: Made, record: ChildRecord, accepted: Accepted | None) -> Made:
    """The note of a template that stays.

    A live one that differs was changed by somebody else, unless the API server made that of it.
    """
    touched = accepted is not None and accepted.held != record.fingerprint
    if record.template != made.template and touched:
        return replace(wanted, reason=REPAIR)
    return replace(wanted, reason=made.reason, restart=made.restart)


def changed(before: Inputs, after: Inputs) -> tuple[str, ...]:
    """The paths of the inputs that differ."""
    return tuple(path for path in sorted({*before, *after}) if before.get(path) != after.get(path))


def _reason(causes: tuple[str, ...]) -> str:
    return ", ".join(first_of(causes, NAMED))


def noted(manifest: Manifest, rollout: PlannedRollout) -> Manifest:
    """*manifest* with the note; without its template, where that is held."""
    annotations = {
        **manifest["metadata"].get("annotations", {}),
        labels.ROLLOUT: text(rollout.made),
    }
    found = {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}
    if rollout.is_held:
        spec = manifest["spec"]
        found["spec"] = {name: spec[name] for name in spec if name != "template"}
    return found


def told(record: ChildRecord) -> tuple[str, str]:
    """Revision and reason of the pods of *record*, as far as they are known."""
    made = read(record.made)
    if made is None:
        return "", ""
    restarted = record.restarted_at not in ("", made.restart)
    reason = f"{RESTART} at {record.restarted_at}" if restarted else made.reason
    return made.revision, reason


def text(made: Made) -> str:
    """*made* as it is noted."""
    noted = {
        "inputs": dict(made.inputs),
        "reason": made.reason,
        "restart": made.restart,
        "revision": made.revision,
        "template": made.template,
    }
    return orjson.dumps(
        {key: value for key, value in noted.items() if value}, option=orjson.OPT_SORT_KEYS
    ).decode()


def read(noted: str) -> Made | None:
    """What is noted; None where it cannot be read, as if nothing had been noted."""
    try:
        found = orjson.loads(noted)
        return Made(
            template=str(found["template"]),
            revision=str(found.get("revision", "")),
            reason=str(found.get("reason", "")),
            inputs={str(path): str(each) for path, each in found.get("inputs", {}).items()},
            restart=str(found.get("restart", "")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
