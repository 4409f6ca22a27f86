from arkalia_operator.desired.certificates import wanted_certificates
from arkalia_operator.desired.resolve import resolve
from builders import a_component, a_module, a_system, modules_with

HTTPS = a_module("zeroia", components=[a_component(scheme="HTTPS")])


def wanted(*modules, **spec):
    system = a_system(**spec)
    return wanted_certificates(system, resolve(system, modules_with(*modules)))


def test_module_that_serves_https_has_a_certificate_for_all_its_names():
    [certificate] = wanted(HTTPS)

    assert certificate.secret == "luna-zeroia-tls"
    assert certificate.dns_names == (
        "luna-zeroia",
        "luna-zeroia.arkalia",
        "luna-zeroia.arkalia.svc",
        "luna-zeroia.arkalia.svc.cluster.local",
        "localhost",
    )


def test_module_that_serves_http_or_nothing_has_no_certificate():
    silent = a_module("silent", components=[a_component(port=None, scheme="HTTPS")])

    assert wanted(a_module("plain"), silent) == ()


def test_every_component_that_serves_https_is_in_the_certificate_of_its_module():
    components = [
        a_component(scheme="HTTPS"),
        a_component("worker", port=9000, scheme="HTTPS"),
        a_component("plain", port=9001),
    ]

    [certificate] = wanted(a_module("taskia", components=components))

    assert "luna-taskia-worker.arkalia.svc" in certificate.dns_names
    assert "luna-taskia-plain.arkalia.svc" not in certificate.dns_names


def test_held_module_keeps_its_certificate():
    scaling = {"minReplicas": 5, "maxReplicas": 5}
    scaled = a_module("zeroia", components=[a_component(scheme="HTTPS")], scaling=scaling)

    found = wanted(scaled, modules={"zeroia": {"scaling": {"maxReplicas": 2}}})

    assert [each.module for each in found] == ["zeroia"]


def test_builtin_data_service_has_a_certificate_for_the_names_of_its_service():
    needs = a_module("taskia", needs={"redis": ["queue"]})

    [certificate] = wanted(needs)

    assert (certificate.module, certificate.data) == ("", "redis-queue")
    assert certificate.secret == "luna-redis-queue-tls"
    assert certificate.dns_names[:2] == ("luna-redis-queue", "luna-redis-queue.arkalia")


def test_data_service_of_somebody_else_has_no_certificate():
    needs = a_module("taskia", needs={"redis": ["queue"]})

    assert (
        wanted(needs, data={"redis": {"mode": "external", "queue": {"secret": {"name": "mine"}}}})
        == ()
    )
