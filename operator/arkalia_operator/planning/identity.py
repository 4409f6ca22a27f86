"""Whether the parts of a system can prove who they are, in one verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arkalia_operator.api.condition_types import ConditionType
from arkalia_operator.api.reasons import Reason
from arkalia_operator.api.wording import first_of
from arkalia_operator.desired.certificates import WantedCertificate
from arkalia_operator.desired.kinds import CERTIFICATE
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.certificates import ObservedSecrets, foreign
from arkalia_operator.planning.observed import ObjectKey
from arkalia_operator.planning.strangers import secrets_in_the_way
from arkalia_operator.planning.verdicts import Verdict, broken


@dataclass(frozen=True, slots=True)
class IdentityState:
    """What is missing for the parts of a system to know each other."""

    pending: tuple[str, ...] = ()
    """Names of the Secrets that are still to be made."""
    failures: tuple[Failure, ...] = ()
    """Secrets that could not be made or read."""


def verdict(state: IdentityState) -> Verdict:
    """The condition `IdentityReady`."""
    kind = ConditionType.IDENTITY_READY
    if state.failures:
        doomed = any(each.permanent for each in state.failures)
        said = [f"{each.key}: {each.message}" for each in state.failures]
        message = "; ".join(first_of(said))
        return broken(kind, Reason.CANNOT_ISSUE, message, doomed=doomed)
    if state.pending:
        message = f"{len(state.pending)} to be made: {', '.join(first_of(state.pending))}"
        return broken(kind, Reason.ISSUING, message, doomed=False)
    return Verdict(kind, "True", Reason.ISSUED, Reason.ISSUED.meaning)


def of_cert_manager(
    namespace: str,
    wanted: Sequence[WantedCertificate],
    observed: ObservedSecrets,
    served: Iterable[str],
) -> IdentityState:
    """The state where cert-manager makes the certificates."""
    if CERTIFICATE.name not in served:
        message = (
            "the cluster does not serve cert-manager.io/v1: install cert-manager, or write "
            "spec.security.tls.mode: builtin"
        )
        key = ObjectKey(CERTIFICATE.name, namespace, "of the modules")
        return IdentityState(failures=(Failure(key, message, permanent=True),))
    pending = tuple(each.secret for each in wanted if not _is_made(each, observed))
    return IdentityState(pending, taken(namespace, observed))


def taken(namespace: str, observed: ObservedSecrets) -> tuple[Failure, ...]:
    """A failure for each Secret that somebody else has in the place of the system's."""
    return secrets_in_the_way(namespace, foreign(observed))


def _is_made(wanted: WantedCertificate, observed: ObservedSecrets) -> bool:
    found = observed.leaves.get(wanted.secret)
    return found is not None and found.in_force is not None and bool(found.authorities)
