from datetime import UTC, datetime

from arkalia_operator.desired.certificates import WantedCertificate
from arkalia_operator.planning.actions import Failure
from arkalia_operator.planning.certificates import (
    IN_FORCE,
    CertificateRecord,
    ObservedSecrets,
    SecretRecord,
)
from arkalia_operator.planning.identity import IdentityState, of_cert_manager, taken, verdict
from arkalia_operator.planning.observed import ObjectKey

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WANTED = WantedCertificate("zeroia", "luna-zeroia-tls", ("luna-zeroia",))
RECORD = CertificateRecord(NOW, NOW, "leaf", "one")


def a_failure(permanent):
    key = ObjectKey("Secret", "arkalia", "luna-authority")
    return Failure(key, "no right", permanent)


def made(certificates=None, authorities=("<one>",), is_ours=True, is_leaving=False):
    held = {IN_FORCE: RECORD} if certificates is None else certificates
    secret = SecretRecord(WANTED.secret, "7", is_ours, held, authorities, is_leaving=is_leaving)
    return ObservedSecrets(leaves={WANTED.secret: secret})


def told(state):
    found = verdict(state)
    return found.status, str(found.reason)


def of(observed, served=("Certificate",)):
    return of_cert_manager("arkalia", [WANTED], observed, served)


def test_identity_is_ready_when_nothing_is_missing():
    assert told(IdentityState()) == ("True", "Issued")


def test_identity_is_on_its_way_when_secrets_are_still_to_be_made():
    found = verdict(IdentityState(pending=("luna-zeroia-tls",)))

    assert (found.status, found.reason) == ("Unknown", "Issuing")
    assert found.message == "1 to be made: luna-zeroia-tls"


def test_identity_is_doomed_when_a_secret_is_refused_for_good():
    found = verdict(IdentityState(failures=(a_failure(permanent=True),)))

    assert (found.status, found.reason) == ("False", "CannotIssue")
    assert found.message == "Secret luna-authority: no right"


def test_identity_is_tried_again_when_a_secret_is_refused_for_now():
    assert told(IdentityState(failures=(a_failure(permanent=False),))) == ("Unknown", "CannotIssue")


def test_secret_of_somebody_else_is_told_with_what_to_do():
    [failure] = taken("arkalia", made(is_ours=False))

    assert str(failure.key) == "Secret luna-zeroia-tls"
    assert "delete or rename it" in failure.message
    assert failure.permanent


def test_secret_of_a_deleted_system_of_the_name_is_waited_for():
    [failure] = taken("arkalia", made(is_ours=False, is_leaving=True))

    assert "goes with it" in failure.message
    assert not failure.permanent


def test_cert_manager_is_waited_for_until_it_wrote_certificate_and_authority():
    assert told(of(ObservedSecrets())) == ("Unknown", "Issuing")
    assert told(of(made(certificates={}))) == ("Unknown", "Issuing")
    assert told(of(made(authorities=()))) == ("Unknown", "Issuing")
    assert told(of(made())) == ("True", "Issued")


def test_cert_manager_is_missed_where_its_kinds_are_not_served():
    found = verdict(of(made(), served=()))

    assert (found.status, found.reason) == ("False", "CannotIssue")
    assert "install cert-manager" in found.message
