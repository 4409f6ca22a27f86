"""Upgrades of the operator: which operator this is, and which systems may follow it now.

An upgrade brings new pod templates. They are let in system by system: first one, then a share of
them, then all, and no further one once a system that took them got worse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from math import ceil
from typing import Final, TypeVar

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec, ArkaliaSystemStatus
from arkalia_operator.api.changes import UpgradePolicy
from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.conditions import Condition
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.kinds import MAKE_PODS
from arkalia_operator.desired.resolve import Modules
from arkalia_operator.planning.observed import RolloutGate
from arkalia_operator.planning.ownership import template_digest
from arkalia_operator.planning.rollouts import CHANGED_SPEC

Key = TypeVar("Key")

DIGEST_LENGTH: Final = 12
WITH_PODS: Final = frozenset(kind.name for kind in MAKE_PODS)


class Stage(Enum):
    """How far a system is with the templates of the present operator."""

    UNCONCERNED = "unconcerned"
    """They are its own already, or nobody may let them in."""
    HOLDING = "holding"
    UNFIT = "unfit"
    """It holds them, and is not ready: whether they make it worse could not be told."""
    ROLLING = "rolling"
    DONE = "done"
    WORSE = "worse"
    """It took them, and is not ready any more."""


@dataclass(frozen=True, slots=True)
class Waves:
    """How upgrades go from system to system."""

    share: float
    """Of all systems that an upgrade concerns: how many follow the first one together."""
    soak: timedelta
    """How long a system must be ready with the new pods before the next ones follow."""


def renderer(available: Modules) -> str:
    """Which operator this is: its version, and a digest of the pod templates that it makes."""
    sample = ArkaliaSystem(
        name="sample",
        namespace="sample",
        uid="",
        generation=1,
        deleting=False,
        spec=ArkaliaSystemSpec(),
        status=ArkaliaSystemStatus(),
    )
    digests = [
        template_digest(each["spec"]["template"])
        for each in desired_state(sample, available).manifests
        if each["kind"] in WITH_PODS
    ]
    told = hashlib.sha256("".join(digests).encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{available.defaults.version}-{told}"


def policy_of(system: ArkaliaSystem, own: UpgradePolicy) -> UpgradePolicy:
    """What becomes of upgrades in *system*, where the operator's *own* policy is that."""
    return system.spec.changes.rollout.upgrades or own


def gate_of(system: ArkaliaSystem, policy: UpgradePolicy, operator: str) -> RolloutGate:
    """What may be rolled out for *system* by *operator*, where *policy* holds for upgrades."""
    released = system.status.changes.released == operator
    return RolloutGate(
        rollouts=not system.spec.changes.hold_rollouts,
        upgrades=policy == "AtOnce" or released,
        new_spec=system.generation != system.status.observed_generation,
        changed=frozenset(
            each.name
            for each in system.status.rollouts
            if (each.reason, each.revision) == (CHANGED_SPEC, "")
        ),
    )


def default_version(
    system: ArkaliaSystem, gate: RolloutGate, known: Iterable[str], own: str
) -> str:
    """The version of a system that names none: the operator's *own*, or the one that runs.

    A version is an upgrade too, and is held with it as long as this operator knows the old one.
    """
    running = system.status.version
    held = not (gate.upgrades and gate.rollouts)
    return running if held and running in known else own


def stage(system: ArkaliaSystem, policy: UpgradePolicy, operator: str) -> Stage:
    """How far *system* is, as its status tells."""
    changes, ready = system.status.changes, _ready(system)
    if changes.held and system.spec.changes.hold_rollouts:
        return Stage.UNCONCERNED  # whatever is let in, its pods stay: the others do not wait for it
    if changes.released == operator:
        return _after_release(changes.held, ready)
    if not changes.held or policy != "Waves":
        return Stage.UNCONCERNED
    return Stage.HOLDING if ready is not None and ready.status == "True" else Stage.UNFIT


def _after_release(held: int, ready: Condition | None) -> Stage:
    if ready is not None and ready.status == "False":
        return Stage.WORSE
    if held or ready is None or ready.status != "True":
        return Stage.ROLLING
    return Stage.DONE


def next_wave(
    systems: Mapping[Key, tuple[Stage, datetime | None]], waves: Waves, now: datetime
) -> list[Key]:
    """The systems that may take the new templates now; each with since when it is ready."""
    stages = [each for each, _ in systems.values()]
    if Stage.WORSE in stages or Stage.ROLLING in stages:
        return []
    done = [since for each, since in systems.values() if each is Stage.DONE]
    if any(since is None or now - since < waves.soak for since in done):
        return []
    holding = [key for key, (each, _) in systems.items() if each is Stage.HOLDING]
    return holding[: _size(len(done), len(holding), waves.share)]


def _size(done: int, holding: int, share: float) -> int:
    """How many follow *done* ones: one, then so many that a *share* of all has them, then all."""
    if not done:
        return 1
    aim = ceil((done + holding) * share)
    return aim - done if done < aim else holding


def ready_since(system: ArkaliaSystem) -> datetime | None:
    """Since when *system* is ready; None if it is not."""
    found = _ready(system)
    return found.last_transition_time if found is not None and found.status == "True" else None


def _ready(system: ArkaliaSystem) -> Condition | None:
    kind = ConditionType.READY
    return next((each for each in system.status.conditions if each.type == kind), None)
