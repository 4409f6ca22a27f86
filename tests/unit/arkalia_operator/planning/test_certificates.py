"""Which certificates are made when: the clock turns, and nobody is left who cannot be trusted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_operator.desired.certificates import Lifetimes, WantedCertificate
from arkalia_operator.planning.certificates import (
    IN_FORCE,
    NEXT,
    PREVIOUS,
    CertificateRecord,
    IssueAuthority,
    IssueCertificate,
    ObservedSecrets,
    SecretRecord,
    Step,
    bundle,
    foreign,
    issues,
    next_look,
    renewals,
    secret_of,
    trusted_since,
)
from arkalia_operator.planning.lineage import Keeping
from arkalia_operator.planning.observed import ChildRecord, ObjectKey
from arkalia_operator.planning.ownership import fingerprint

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIFETIMES = Lifetimes()
SPREAD = timedelta(seconds=LIFETIMES.spread_seconds)
SECOND = timedelta(seconds=1)
NAMES = ("luna-zeroia", "luna-zeroia.team-a.svc", "localhost")
WANTED = WantedCertificate("zeroia", "luna-zeroia-tls", NAMES)


def an_authority(key_id="one", issued=NOW - 10 * DAY, **changes):
    record = CertificateRecord(issued, issued + 1825 * DAY, key_id, key_id, pem=f"<{key_id}>")
    return replace(record, **changes)


def a_leaf(signer_id="one", issued=NOW - 10 * DAY, **changes):
    record = CertificateRecord(issued, issued + 90 * DAY, "leaf", signer_id, frozenset(NAMES))
    return replace(record, **changes)


def a_secret(name, **certificates):
    keys = {"in_force": IN_FORCE, "following": NEXT, "previous": PREVIOUS}
    return SecretRecord(name, "7", True, {keys[key]: each for key, each in certificates.items()})


def observed(leaf=None, trusted=None, **authorities):
    leaves = {WANTED.secret: a_secret(WANTED.secret, in_force=leaf)} if leaf else {}
    authority = a_secret("luna-authority", **authorities) if authorities else None
    return ObservedSecrets(authority, leaves, trusted)


def steps(seen, now=NOW):
    return [each.step for each in issues([WANTED], seen, LIFETIMES, now)]


def renewed(seen, now=NOW):
    return [each.wanted for each in issues([WANTED], seen, LIFETIMES, now)]


def test_authority_comes_first_when_there_is_nothing():
    [issue] = issues([WANTED], ObservedSecrets(), LIFETIMES, NOW)

    assert issue == IssueAuthority(Step.CREATE, None)


def test_certificate_is_made_when_there_is_an_authority():
    seen = observed(in_force=an_authority())

    assert issues([WANTED], seen, LIFETIMES, NOW) == (IssueCertificate(WANTED, None),)


def test_nothing_is_made_when_all_is_well():
    seen = observed(leaf=a_leaf(), in_force=an_authority())

    assert issues([WANTED], seen, LIFETIMES, NOW) == ()


@pytest.mark.parametrize(
    "leaf",
    [
        a_leaf(signer_id="another"),
        a_leaf(dns_names=frozenset({"luna-zeroia"})),
        a_leaf(signs=False),
        a_leaf(issued=NOW - 60 * DAY),
    ],
    ids=["another authority", "other names", "without its key", "two thirds are over"],
)
def test_certificate_is_made_again_when_it_does_not_fit(leaf):
    assert renewed(observed(leaf=leaf, in_force=an_authority())) == [WANTED]


def test_certificate_is_made_again_when_the_secret_holds_none_that_can_be_read():
    seen = ObservedSecrets(
        a_secret("luna-authority", in_force=an_authority()),
        {WANTED.secret: a_secret(WANTED.secret)},
    )

    [issue] = issues([WANTED], seen, LIFETIMES, NOW)

    assert issue.secret == a_secret(WANTED.secret)


def test_certificate_stays_until_two_thirds_of_its_life_are_over():
    leaf = a_leaf(issued=NOW - 60 * DAY)

    assert renewed(observed(leaf=leaf, in_force=an_authority()), NOW - SECOND) == []


def test_authority_is_made_anew_when_it_has_ended():
    seen = observed(leaf=a_leaf(), in_force=an_authority(expires=NOW))

    assert steps(seen) == [Step.CREATE]


def test_authority_is_made_anew_when_it_cannot_be_read():
    seen = ObservedSecrets(a_secret("luna-authority"))

    assert steps(seen) == [Step.CREATE]


@pytest.mark.parametrize("keeping", [Keeping(owned=False, lineage="uid-1"), None])
def test_authority_is_marked_when_it_is_to_be_kept_in_another_way(keeping):
    seen = replace(observed(leaf=a_leaf(), in_force=an_authority()), keeping=keeping)

    assert steps(seen) == ([Step.MARK] if keeping else [])


def test_next_authority_is_prepared_when_two_thirds_of_a_life_are_over():
    authority = an_authority(issued=NOW - timedelta(days=1825 * 2 / 3))
    leaf = a_leaf()

    assert steps(observed(leaf=leaf, in_force=authority)) == [Step.PREPARE]
    assert steps(observed(leaf=leaf, in_force=authority), NOW - SECOND) == []


def test_next_authority_is_prepared_when_the_private_key_is_lost():
    seen = observed(leaf=a_leaf(), in_force=an_authority(signs=False))

    assert steps(seen) == [Step.PREPARE]


@pytest.mark.parametrize(
    ("trusted", "now", "expected"),
    [
        (None, NOW + DAY, []),
        (NOW - SECOND, NOW + DAY, []),
        (NOW, NOW + SPREAD - SECOND, []),
        (NOW, NOW + SPREAD, [Step.PROMOTE]),
        (NOW + DAY, NOW + DAY, []),
    ],
    ids=["not told", "told before it was", "told just now", "told long enough", "told again"],
)
def test_next_authority_signs_only_when_everybody_had_time_to_trust_it(trusted, now, expected):
    old, following = an_authority(), an_authority("two", issued=NOW)

    seen = observed(leaf=a_leaf(), trusted=trusted, in_force=old, following=following)

    assert steps(seen, now) == expected


def test_next_authority_is_prepared_again_when_its_key_is_lost():
    following = an_authority("two", issued=NOW - DAY, signs=False)
    old = an_authority(issued=NOW - 1500 * DAY)

    seen = observed(leaf=a_leaf(), trusted=NOW - DAY, in_force=old, following=following)

    assert steps(seen) == [Step.PREPARE]


def test_certificates_move_to_the_authority_that_was_promoted():
    seen = observed(leaf=a_leaf("one"), in_force=an_authority("two"), previous=an_authority("one"))

    assert renewed(seen) == [WANTED]


@pytest.mark.parametrize(
    ("issued", "expected"),
    [(NOW - SPREAD + SECOND, []), (NOW - SPREAD, [Step.RETIRE])],
    ids=["just moved", "moved long ago"],
)
def test_previous_authority_is_retired_when_its_last_certificate_is_gone_everywhere(
    issued, expected
):
    seen = observed(
        leaf=a_leaf("two", issued), in_force=an_authority("two"), previous=an_authority("one")
    )

    assert steps(seen) == expected


def test_all_authorities_are_trusted_while_one_follows_another():
    one, two, three = an_authority("one"), an_authority("two"), an_authority("three")

    assert bundle(None) == ()
    assert bundle(a_secret("luna-authority", in_force=one)) == ("<one>",)
    assert bundle(a_secret("luna-authority", previous=one, in_force=two, following=three)) == (
        "<two>",
        "<three>",
        "<one>",
    )


def test_authority_follows_another_without_a_moment_in_which_a_certificate_is_not_trusted():
    """The whole life of two authorities, minute by minute as the operator looks at it."""
    now = NOW
    lifetimes = Lifetimes(6000.0, 1200.0, 120.0)
    secret = a_secret("luna-authority", in_force=a_short("one", now, 6000))
    leaf = a_short("leaf-1", now, 1200, signer_id="one")
    told, trusted, done = {"one": now}, now, []

    while now < NOW + timedelta(seconds=12000):
        seen = ObservedSecrets(
            secret, {WANTED.secret: a_secret(WANTED.secret, in_force=leaf)}, trusted
        )
        for issue in issues([WANTED], seen, lifetimes, now):
            if isinstance(issue, IssueCertificate):
                signer = secret.in_force.key_id
                leaf = a_short(f"leaf-{now}", now, 1200, signer_id=signer)
            else:
                done.append(issue.step)
                secret = stepped(secret, issue.step, now)
                trusted = now
                told = {each.key_id: told.get(each.key_id, now) for each in certificates(secret)}
        # A pod reads the new certificate at once, and the bundle after the time it may take.
        assert leaf.expires > now
        assert told[leaf.signer_id] <= leaf.issued - SPREAD or leaf.signer_id == "one"
        now += timedelta(seconds=60)

    assert done[:3] == [Step.PREPARE, Step.PROMOTE, Step.RETIRE]


def a_short(key_id, issued, seconds, signer_id=None):
    expires = issued + timedelta(seconds=seconds)
    return CertificateRecord(issued, expires, key_id, signer_id or key_id, frozenset(NAMES), key_id)


def certificates(secret):
    return secret.certificates.values()


def stepped(secret, step, now):
    held = secret.certificates
    if step is Step.PREPARE:
        return a_secret(
            secret.name, in_force=held[IN_FORCE], following=a_short(f"by {now}", now, 6000)
        )
    if step is Step.PROMOTE:
        return a_secret(secret.name, in_force=held[NEXT], previous=held[IN_FORCE])
    return a_secret(secret.name, in_force=held[IN_FORCE])


def test_what_belongs_to_somebody_else_is_left_alone():
    theirs = replace(a_secret("luna-authority", in_force=an_authority()), is_ours=False)

    assert issues([WANTED], ObservedSecrets(theirs), LIFETIMES, NOW) == ()
    assert foreign(ObservedSecrets(theirs)) == [theirs]


def test_certificate_of_somebody_else_is_left_alone():
    theirs = replace(a_secret(WANTED.secret), is_ours=False)
    seen = ObservedSecrets(
        a_secret("luna-authority", in_force=an_authority()), {WANTED.secret: theirs}
    )

    assert issues([WANTED], seen, LIFETIMES, NOW) == ()
    assert foreign(seen) == [theirs]


def test_next_look_is_when_the_first_certificate_must_be_renewed():
    seen = observed(leaf=a_leaf(issued=NOW - 10 * DAY), in_force=an_authority())

    assert next_look(seen, LIFETIMES, NOW) == (50 * DAY).total_seconds()


def test_next_look_is_at_once_when_nothing_is_there():
    assert next_look(ObservedSecrets(), LIFETIMES, NOW) == 0


def test_next_look_is_when_the_next_authority_is_known_everywhere():
    seen = observed(trusted=NOW, in_force=an_authority(), following=an_authority("two", issued=NOW))

    assert next_look(seen, LIFETIMES, NOW) == LIFETIMES.spread_seconds


def test_next_look_is_when_the_previous_authority_can_go():
    seen = observed(
        leaf=a_leaf("two", NOW), in_force=an_authority("two"), previous=an_authority("one")
    )

    assert next_look(seen, LIFETIMES, NOW) == LIFETIMES.spread_seconds


def test_trust_counts_from_when_it_was_written_as_it_is_now():
    trust = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "luna-trust", "namespace": "team-a"},
        "data": {"ca.crt": "<one>"},
    }
    key = ObjectKey("ConfigMap", "team-a", "luna-trust")
    record = ChildRecord(key, "uid", "7", 0, "owner", fingerprint(trust), applied_at=NOW)

    assert trusted_since(trust, {key: record}) == NOW
    assert trusted_since(trust | {"data": {"ca.crt": "<two>"}}, {key: record}) is None
    assert trusted_since(trust, {}) is None


def test_secret_that_an_issue_writes_is_the_authoritys_or_the_certificates():
    assert secret_of("luna", IssueAuthority(Step.PREPARE, None)) == "luna-authority"
    assert secret_of("luna", IssueCertificate(WANTED, None)) == "luna-zeroia-tls"


def test_steps_of_an_authority_that_is_there_are_renewals():
    first, following = (IssueAuthority(step, None) for step in (Step.CREATE, Step.PROMOTE))

    assert renewals([first, following]) == (following,)


@pytest.mark.parametrize(
    ("secret", "renews"),
    [
        (a_secret(WANTED.secret, in_force=a_leaf()), True),
        (a_secret(WANTED.secret, in_force=a_leaf(dns_names=frozenset(NAMES[:2]))), False),
        (a_secret(WANTED.secret), False),
        (None, False),
    ],
)
def test_certificate_is_renewed_where_one_of_the_same_names_is_in_force(secret, renews):
    assert bool(renewals([IssueCertificate(WANTED, secret)])) is renews
