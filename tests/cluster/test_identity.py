"""Certificates, trust and tokens of a system, as a real cluster keeps them."""

import base64
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from arkalia_contract import files, identity
from arkalia_operator.cluster import signing
from arkalia_operator.desired import kinds, names
from cluster import reach
from cluster.kinds import Ref
from cluster.systems import GATEWAY, System, uids
from cluster.waiting import eventually


def secret(luna, name):
    return Ref(kinds.SECRET, luna.namespace, name)


def certificate_in(body):
    data = {key: base64.b64decode(value) for key, value in body["data"].items()}
    return signing.read(data[files.CERTIFICATE_KEY], data[files.PRIVATE_KEY_KEY])


@pytest.fixture
def leaf(luna):
    """The Secret of the gateway's certificate."""
    return secret(luna, names.tls(luna.name, "helloria"))


def test_identity_is_ready_with_the_system(luna):
    luna.expect("IdentityReady", "True", "Issued")


def test_gateway_is_trusted_by_who_knows_the_system_s_authority(luna):
    assert luna.reach().get("/health/ready").status_code == 200


def test_gateway_is_not_trusted_by_who_knows_another_authority(luna, kube):
    service = kube.require(luna.child(kinds.SERVICE))
    other = signing.make_authority("other", "other", signing.Validity(datetime.now(UTC), 60))

    context = ssl.create_default_context(cadata=other.certificate.decode())
    with pytest.raises(ssl.SSLCertVerificationError):
        reach.handshake(service, context)


def test_certificate_is_of_the_authority_and_lasts(luna, kube, leaf):
    authority = certificate_in(kube.require(secret(luna, names.authority(luna.name))))

    found = certificate_in(kube.require(leaf))

    assert found.signs
    assert found.signer_id == authority.key_id
    assert f"luna-helloria.{luna.namespace}.svc" in found.dns_names
    assert found.expires - datetime.now(UTC) > timedelta(minutes=1)


def test_keys_and_issuer_of_tokens_are_told_to_every_part(luna, kube):
    told = kube.require(Ref(kinds.CONFIG_MAP, luna.namespace, names.trust(luna.name)))["data"]
    discovery = kube.http.get("/.well-known/openid-configuration").json()
    accept = {"Accept": "application/jwk-set+json"}
    published = kube.http.get("/openid/v1/jwks", headers=accept).json()

    assert told[files.ISSUER_KEY] == discovery["issuer"]
    assert all(key["kid"] in told[files.KEYS_KEY] for key in published["keys"])


def test_deleted_certificate_is_made_again_and_no_pod_rolls(luna, kube, leaf):
    before, pods = certificate_in(kube.require(leaf)), uids(luna.pods())

    kube.delete(leaf)

    after = eventually(lambda: certificate_in(kube.require(leaf)))
    assert after.key_id != before.key_id
    assert uids(luna.pods()) == pods


def test_secret_of_somebody_else_is_left_and_told_until_it_is_gone(kube, namespace, operator):
    theirs = Ref(kinds.SECRET, namespace, names.authority("sol"))
    kube.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": theirs.name, "namespace": namespace},
        }
    )
    sol = System(kube, namespace, "sol").declare(modules=GATEWAY)

    eventually(lambda: sol.expect("IdentityReady", "False", "CannotIssue"))
    kube.delete(theirs)

    eventually(lambda: sol.expect("IdentityReady", "True", "Issued"))
    sol.ready()
    kube.delete(sol.ref)


def test_new_caller_is_told_to_its_callee_and_gets_a_token_for_it_alone(luna, kube):
    luna.ready()
    pods = uids(luna.pods())
    caller = {
        "apiVersion": "arkalia.io/v1alpha1",
        "kind": "ArkaliaModule",
        "metadata": {"name": "caller", "namespace": luna.namespace},
        "spec": {
            "image": {"repository": "localhost/arkalia-examples/absent"},
            "components": [{"name": "main"}],
            "calls": [{"module": "helloria", "paths": ["/status"]}],
        },
    }

    kube.create(caller)
    luna.change(modules={"caller": {"replicas": 0}})

    config = luna.child(kinds.CONFIG_MAP)
    eventually(lambda: told_callers(kube, config, '"caller"'))
    deployment = eventually(lambda: kube.require(luna.child(kinds.DEPLOYMENT, "caller")))
    [token] = tokens(deployment)
    assert token["audience"] == identity.audience(luna.namespace, luna.name, "helloria")
    assert uids(luna.pods()) == pods


def told_callers(kube, config, expected):
    assert expected in kube.require(config)["data"][files.CALLERS_KEY]


def tokens(deployment):
    """The tokens that the pods of *deployment* are given."""
    return [
        source["serviceAccountToken"]
        for volume in deployment["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    ]
