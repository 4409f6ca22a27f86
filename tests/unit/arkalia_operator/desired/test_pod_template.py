"""A mistake in a podTemplate is found before the merge, with its place and what to write."""

import pytest

from arkalia_operator.desired.pod_template import mistakes


def found(template):
    return mistakes(template, own="alpha")


def of_spec(**spec):
    return found({"spec": spec})


def of_sidecar(**fields):
    return of_spec(containers=[{"name": "proxy"} | fields])


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"metadata": {}, "spec": {}},
        {"metadata": {"labels": {"spec": "x"}, "annotations": None, "name": "a"}},
        {"spec": {"nodeSelector": {"ports": "x", "labels": "y"}, "volumes": None}},
        {"spec": {"containers": [{"name": "alpha", "env": None, "securityContext": None}]}},
        {"spec": {"initContainers": [{"name": "prepare", "ports": [{"containerPort": 1}]}]}},
        {"spec": {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}},
        {"spec": {"topologySpreadConstraints": [
            {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]}},
    ],
)  # fmt: skip
def test_template_without_a_mistake_is_let_through(template):
    assert found(template) == []


@pytest.mark.parametrize(
    ("template", "mistake"),
    [
        (
            {"containers": []},
            ".containers: a pod template has metadata and spec: write podTemplate.spec.containers",
        ),
        ({"spec": None}, ".spec: must be an object"),
        ({"spec": []}, ".spec: must be an object"),
        ({"metadata": "x"}, ".metadata: must be an object"),
        ({"metadata": {"labels": ["a"]}}, ".metadata.labels: must be an object"),
        ({"metadata": {"annotations": "a"}}, ".metadata.annotations: must be an object"),
        (
            {"spec": {"containers": None}},
            ".spec.containers: must be a list: a pod is nothing without containers",
        ),
        ({"spec": {"containers": "alpha"}}, ".spec.containers: must be a list"),
        ({"spec": {"initContainers": {}}}, ".spec.initContainers: must be a list"),
        ({"spec": {"volumes": ["scratch"]}}, ".spec.volumes[0]: must be an object"),
        (
            {"spec": {"containers": [{"image": "x"}]}},
            ".spec.containers[0]: is merged by name: write name",
        ),
        (
            {"spec": {"volumes": [{"name": "a"}, {"name": ["b"]}]}},
            ".spec.volumes[1]: is merged by name: write name",
        ),
        (
            {"spec": {"topologySpreadConstraints": [{"topologyKey": "zone"}]}},
            ".spec.topologySpreadConstraints[0]: is merged by topologyKey and whenUnsatisfiable: "
            "write topologyKey and whenUnsatisfiable",
        ),
        (
            {"spec": {"containers": [{"name": "a", "env": {"A": "1"}}]}},
            ".spec.containers[0].env: must be a list",
        ),
        (
            {"spec": {"initContainers": [{"name": "a", "volumeMounts": [{"name": "b"}]}]}},
            ".spec.initContainers[0].volumeMounts[0]: is merged by mountPath: write mountPath",
        ),
        (
            {"spec": {"containers": [{"name": "a", "securityContext": "none"}]}},
            ".spec.containers[0].securityContext: must be an object",
        ),
        (
            {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "much"}}}]}},
            ": 'much' is not a Kubernetes quantity: write for example 250m, 2 or 512Mi",
        ),
    ],
)
def test_mistake_is_told_with_its_place(template, mistake):
    assert found(template) == [mistake]


def test_all_mistakes_are_told_in_a_stable_order():
    template = {"b": 1, "a": 2, "metadata": 3}

    assert [each.split(":")[0] for each in found(template)] == [".a", ".b", ".metadata"]


@pytest.mark.parametrize("name", ["hostNetwork", "hostPID", "hostIPC"])
def test_namespace_of_the_node_is_refused(name):
    assert of_spec(**{name: True}) == [
        f".spec.{name}: pods of a system never share the node's: leave it out"
    ]


def test_namespace_of_the_node_may_be_declined():
    assert of_spec(hostNetwork=False) == []


def test_volume_of_the_node_is_refused():
    [mistake] = of_spec(volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {}}])

    assert mistake.startswith(
        ".spec.volumes[1].hostPath: volumes are of one of the types configMap,"
    )


def test_type_of_a_volume_may_be_taken_away():
    assert of_spec(volumes=[{"name": "b", "hostPath": None, "secret": {}}]) == []


def test_unconfined_apparmor_is_refused():
    key = "container.apparmor.security.beta.kubernetes.io/alpha"

    [mistake] = found({"metadata": {"annotations": {key: "unconfined"}}})

    assert mistake.startswith(f".metadata.annotations[{key}]: takes the pod below")


def test_apparmor_profile_of_the_runtime_is_let_through():
    key = "container.apparmor.security.beta.kubernetes.io/alpha"

    assert found({"metadata": {"annotations": {key: "runtime/default", "note": "x"}}}) == []


def test_security_context_of_the_own_container_does_not_count():
    assert of_spec(containers=[{"name": "alpha", "securityContext": {"privileged": True}}]) == []


def test_port_of_the_node_is_refused_in_any_container():
    for name in ("alpha", "proxy"):
        ports = [{"containerPort": 1}, {"containerPort": 2, "hostPort": 2}]

        [mistake] = of_spec(containers=[{"name": name, "ports": ports}])

        assert mistake == (
            ".spec.containers[0].ports[1].hostPort: takes a port of the node: leave it out"
        )


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize("action", ["httpGet", "tcpSocket"])
def test_probe_of_another_host_is_refused(probe, action):
    assert of_sidecar(**{probe: {action: {"host": "10.0.0.1"}}}) == [
        f".spec.containers[0].{probe}.{action}.host: a probe or hook asks the pod itself: leave it out"
    ]


@pytest.mark.parametrize("hook", ["postStart", "preStop"])
def test_hook_to_another_host_is_refused(hook):
    [mistake] = of_sidecar(lifecycle={hook: {"httpGet": {"host": "10.0.0.1"}}})

    assert mistake.startswith(f".spec.containers[0].{hook}.httpGet.host: a probe or hook")


@pytest.mark.parametrize(
    "context",
    [
        {"allowPrivilegeEscalation": True},
        {"allowPrivilegeEscalation": None},
        {"appArmorProfile": {"type": "Unconfined"}},
        {"capabilities": None},
        {"capabilities": {"drop": []}},
        {"capabilities": {"drop": None}},
        {"capabilities": {"drop": ["KILL"]}},
        {"capabilities": {"add": ["SYS_ADMIN"]}},
        {"capabilities": {"add": "NET_BIND_SERVICE"}},
        {"privileged": True},
        {"procMount": "Unmasked"},
        {"runAsNonRoot": False},
        {"runAsUser": 0},
        {"seLinuxOptions": {"type": "spc_t"}},
        {"seLinuxOptions": {"user": "root"}},
        {"seLinuxOptions": {"role": "sysadm_r"}},
        {"seccompProfile": {"type": "Unconfined"}},
        {"seccompProfile": None},
        {"windowsOptions": {"hostProcess": True}},
    ],
)
def test_security_context_below_restricted_is_refused(context):
    [field] = context

    assert of_sidecar(securityContext=context) == [
        f".spec.containers[0].securityContext.{field}: takes the pod below the level restricted: "
        "leave it out"
    ]


@pytest.mark.parametrize(
    "context",
    [
        {"allowPrivilegeEscalation": False},
        {"appArmorProfile": {"type": "RuntimeDefault"}},
        {"capabilities": {}},
        {"capabilities": {"drop": ["ALL", "KILL"], "add": None}},
        {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
        {"privileged": False},
        {"procMount": "Default"},
        {"readOnlyRootFilesystem": False},
        {"runAsNonRoot": True},
        {"runAsUser": 1000, "runAsGroup": 0},
        {"seLinuxOptions": {"type": "container_t", "level": "s0"}},
        {"seccompProfile": {"type": "Localhost", "localhostProfile": "a"}},
        {"windowsOptions": {"runAsUserName": "user"}},
    ],
)
def test_security_context_that_stays_restricted_is_let_through(context):
    assert of_sidecar(securityContext=context) == []
