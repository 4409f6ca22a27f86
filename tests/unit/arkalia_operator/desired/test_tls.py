from builders import a_component, a_module, a_system, rendered

HTTPS = a_module("zeroia", components=[a_component(scheme="HTTPS")])
CERT_MANAGER = {"tls": {"mode": "certManager", "issuerRef": {"name": "corporate"}}}


def certificates(*modules, **spec):
    desired = rendered(a_system(**spec), *modules)
    return [each for each in desired.manifests if each["kind"] == "Certificate"]


def test_builtin_authority_needs_nothing_of_cert_manager():
    assert certificates(HTTPS) == []


def test_cert_manager_is_asked_for_a_certificate_of_each_module_that_serves_https():
    [certificate] = certificates(HTTPS, a_module("plain"), security=CERT_MANAGER)

    assert certificate["metadata"]["name"] == "luna-zeroia-tls"
    assert certificate["spec"] == {
        "secretName": "luna-zeroia-tls",
        "secretTemplate": {"labels": {"arkalia.io/system": "luna"}},
        "commonName": "luna-zeroia",
        "dnsNames": [
            "luna-zeroia",
            "luna-zeroia.arkalia",
            "luna-zeroia.arkalia.svc",
            "luna-zeroia.arkalia.svc.cluster.local",
            "localhost",
        ],
        "duration": "2160h0m0s",
        "renewBefore": "720h0m0s",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
        "issuerRef": {"name": "corporate", "kind": "Issuer", "group": "cert-manager.io"},
    }


def test_certificate_of_a_held_module_stays_as_it_is():
    scaling = {"minReplicas": 5, "maxReplicas": 5}
    scaled = a_module("zeroia", components=[a_component(scheme="HTTPS")], scaling=scaling)
    held = {"zeroia": {"scaling": {"maxReplicas": 2}}}

    assert certificates(scaled, modules=held, security=CERT_MANAGER) == []


def test_cert_manager_is_asked_for_the_certificate_of_a_data_service():
    needs = a_module("taskia", needs={"postgresql": True})

    [certificate] = certificates(needs, security=CERT_MANAGER)

    found = certificate["metadata"]["labels"]
    assert certificate["metadata"]["name"] == "luna-postgresql-tls"
    assert (found["arkalia.io/data"], "arkalia.io/module" in found) == ("postgresql", False)
