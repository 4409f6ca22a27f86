"""Hypothesis strategies: systems and modules as the API server lets them through."""

from functools import cache

from hypothesis import strategies as st

from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.structural import structural_schema
from builders import a_module, a_system, modules_with
from schema_values import Admitted

NAMES = ("alpha", "alpha-beta", "gamma", "delta")
"""Modules to choose from; component `beta` of `alpha` would be called as `alpha-beta`."""
COMPONENTS = ("beta", "worker", "a-component-of-20-ch")
WORDS = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
LABELS = st.dictionaries(WORDS, st.sampled_from(["", "one", "two"]), max_size=2)
QUANTITIES = st.sampled_from(["1", "0.5", "1500m", "128Mi", "1024Mi", "1.5Gi", "1e3", "0", "2k"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | TEXTS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXTS, inside, max_size=3),
    max_leaves=8,
)


def objects(required=None, **optional):
    """A mapping with all *required* fields and any of the *optional* ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


RESOURCES = objects(
    requests=st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
    limits=st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
)
AFFINITIES = st.sampled_from(
    [
        {},
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [
                {"key": "gpu", "operator": "Exists", "values": []}]}]}}},
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "zone", "labelSelector": {"matchLabels": {}}}]}},
    ]
)  # fmt: skip
SECURITY_CONTEXTS = objects(
    allowPrivilegeEscalation=st.sampled_from([False, True, None]),
    privileged=st.sampled_from([False, True]),
    runAsNonRoot=st.sampled_from([True, False, None]),
    runAsUser=st.sampled_from([0, 1000]),
    readOnlyRootFilesystem=st.booleans(),
    capabilities=st.sampled_from(
        [{}, None, {"drop": ["ALL"]}, {"drop": []}, {"drop": None}, {"drop": ["KILL"]},
         {"add": ["NET_BIND_SERVICE"]}, {"add": ["SYS_ADMIN"]}]
    ),
    procMount=st.sampled_from(["Default", "Unmasked"]),
    seccompProfile=st.sampled_from([{"type": "RuntimeDefault"}, {"type": "Unconfined"}, None]),
    appArmorProfile=st.sampled_from([{"type": "RuntimeDefault"}, {"type": "Unconfined"}]),
    seLinuxOptions=st.sampled_from([{"type": "container_t"}, {"type": "spc_t"}, {"user": "root"}]),
    windowsOptions=st.sampled_from([{}, {"hostProcess": True}]),
)  # fmt: skip
PROBES = st.sampled_from(
    [{"httpGet": {"path": "/", "port": 1}}, {"tcpSocket": {"port": 1, "host": "10.0.0.1"}}]
)
PORTS = st.sampled_from(
    [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"},
     {"containerPort": 80, "hostPort": 80}]
)  # fmt: skip
ENV = st.sampled_from(
    [{"name": "A", "value": ""}, {"name": "ARKALIA_ENV", "value": "mine"},
     {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
)  # fmt: skip
CONTAINERS = objects(
    {"name": st.sampled_from([*NAMES, "sidecar", "proxy"])},
    image=st.just("example.com/sidecar:1"),
    securityContext=SECURITY_CONTEXTS,
    livenessProbe=PROBES,
    lifecycle=st.builds(lambda hook: {"preStop": hook}, PROBES),
    ports=st.lists(PORTS, max_size=2),
    env=st.none() | st.lists(ENV, max_size=2, unique_by=lambda each: each["name"]),
    resources=RESOURCES,
    command=st.none() | st.lists(WORDS, max_size=1),
)
VOLUMES = st.sampled_from(
    [{"name": "scratch", "emptyDir": {"sizeLimit": "1024Mi"}}, {"name": "more", "emptyDir": {}},
     {"name": "node", "hostPath": {"path": "/"}}, {"name": "old", "hostPath": None, "secret": {}}]
)  # fmt: skip
POD_TEMPLATES = objects(
    metadata=objects(
        labels=st.none() | st.dictionaries(
            st.sampled_from(["team", "arkalia.io/module", "app.kubernetes.io/name"]), WORDS
        ),
        annotations=st.dictionaries(
            st.sampled_from(["note", "arkalia.io/config-hash", "arkalia.io/revision"]), WORDS
        ),
    ),
    spec=objects(
        containers=st.lists(CONTAINERS, max_size=2),
        initContainers=st.lists(CONTAINERS, max_size=1),
        volumes=st.none() | st.lists(VOLUMES, max_size=2),
        hostNetwork=st.booleans(),
        hostPID=st.booleans(),
        serviceAccountName=WORDS,
        serviceAccount=WORDS,
        automountServiceAccountToken=st.just(True),
        securityContext=SECURITY_CONTEXTS,
        nodeSelector=st.none() | LABELS,
        terminationGracePeriodSeconds=st.integers(0, 60),
    ),
)  # fmt: skip
"""Pod templates of the right shape, some of which ask for more than they get."""

FIELDS = st.sampled_from(
    ["metadata", "spec", "labels", "annotations", "containers", "initContainers", "name", "env",
     "securityContext", "capabilities", "ports", "volumes", "resources", "limits", "emptyDir",
     "sizeLimit", "lifecycle", "livenessProbe", "containerPort"]
)  # fmt: skip
WILD = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from(["", "alpha", "x"]),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(FIELDS, inside, max_size=3),
    max_leaves=6,
)
WILD_CONTAINERS = st.builds(
    lambda name, rest: rest | {"name": name},
    st.sampled_from(["alpha", "x"]),
    st.dictionaries(FIELDS, WILD, max_size=3),
)
WILD_TEMPLATES = objects(
    metadata=objects(labels=WILD, annotations=WILD, name=WILD) | WILD,
    spec=objects(
        containers=st.lists(WILD_CONTAINERS | WILD, max_size=2) | WILD,
        initContainers=st.lists(WILD_CONTAINERS, max_size=1) | WILD,
        volumes=WILD,
        emptyDir=WILD,
        securityContext=WILD,
        hostAliases=WILD,
    )
    | WILD,
)
"""Anything that can be written where a pod template belongs."""

SCALINGS = st.tuples(st.integers(1, 5), st.integers(0, 5)).map(
    lambda pair: {"minReplicas": pair[0], "maxReplicas": pair[0] + pair[1]}
)
SCHEMA = structural_schema(ArkaliaSystemSpec)
RANGES = st.sampled_from(["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32"])
SIZES = st.sampled_from(["1Gi", "1.5Gi", "8Gi", "20G", "1024Mi", 2**30])
ADDRESSES = st.sampled_from(["http://proxy:3128", "https://[2001:db8::1]:3128/"])
OTHERS = {"secret": {"name": "theirs"}}
"""A data service of somebody else's."""
WORTH_A_TRY = {
    "version": st.sampled_from(["0.1.0", "0.1.0", "9.9.9"]),
    "environment": WORDS,
    "registry": st.just("mirror.example.com:5000"),
    "host": st.sampled_from(["a.example.com", "b"]),
    "annotations": st.dictionaries(st.sampled_from(["a", "b.example.com/c"]), TEXTS, max_size=2),
    "endpoint": st.just("http://collector:4318"),
    "http": ADDRESSES,
    "https": ADDRESSES,
    "noProxy[]": st.sampled_from([".example.com", "10.0.0.0/8"]),
    "trustedProxies[]": RANGES,
    "cidr": RANGES,
    "except[]": RANGES,
    "key": WORDS,
    "nodeSelector": LABELS,
    "matchLabels": LABELS,
    "labels": LABELS,
    "requests": st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
    "limits": st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
    "replicas": st.integers(0, 5),
    "minReplicas": st.integers(1, 5),
    "maxReplicas": st.integers(1, 9),
    "tolerationSeconds": st.integers(0, 600),
    "env": st.dictionaries(st.sampled_from(["A", "B", "LOG"]), TEXTS, max_size=2),
    "config": st.dictionaries(TEXTS, JSON, max_size=3),
    "podTemplate": POD_TEMPLATES,
    "affinity": AFFINITIES,
    "size": SIZES,
    "maxMemory": SIZES,
    "parameters": st.dictionaries(
        st.sampled_from(["work_mem", "max_connections"]), st.just("64"), max_size=2
    ),
}
"""By field: what means something to the operator, where any text would do for the schema."""


def _values(names):
    """Values among which *names* of modules, and data services of others, are no rare chance."""
    data = SCHEMA["properties"]["data"]["properties"]
    known = {
        **WORTH_A_TRY,
        "module": st.sampled_from(names),
        "digests": st.dictionaries(st.sampled_from(names), st.just(f"sha256:{'0' * 64}")),
    }
    plain = Admitted(known, WORDS)
    external = {
        "postgresql": {"mode": "external", **OTHERS},
        "redis": {"mode": "external", "queue": OTHERS, "cache": OTHERS},
    }
    either = {name: plain.of(data[name]) | st.just(external[name]) for name in external}
    settings = plain.of(SCHEMA["properties"]["modules"]["additionalProperties"])
    modules = st.dictionaries(st.sampled_from(names), settings, max_size=4)
    return Admitted({**known, **either, "modules": modules}, WORDS)


@cache
def _wholes_and_blocks(names):
    values = _values(names)
    blocks = {name: values.of(field, name) for name, field in SCHEMA["properties"].items()}
    alone = [st.fixed_dictionaries({name: each}) for name, each in blocks.items()]
    return values.of(SCHEMA), values.kept(st.one_of(alone), SCHEMA)


@st.composite
def specs(draw, names):
    """Specs that the API server lets through, about modules of these *names*.

    Every field of the schema is among it. Half of them are of one block, so that what lies deep in
    it is no rare chance either.
    """
    return draw(draw(st.sampled_from(_wholes_and_blocks(names))))


SPECS = specs((*NAMES, "unknown", "broken"))
SYSTEM_NAMES = st.sampled_from(["luna", "a", "a-name-of-24-characters"])
SYSTEMS = st.builds(lambda name, spec: a_system(name, **spec), SYSTEM_NAMES, SPECS)


def components():
    """`main`, and others beside it."""
    fields = {
        "port": st.sampled_from([8000, 9000]),
        "replicas": st.integers(0, 1),
        "singleton": st.booleans(),
        "resources": RESOURCES,
        "command": st.lists(WORDS, max_size=2),
        "args": st.lists(WORDS, max_size=2),
    }
    main = objects({"name": st.just("main")}, **fields)
    other = objects({"name": st.sampled_from(COMPONENTS)}, **fields)
    others = st.lists(other, max_size=2, unique_by=lambda each: each["name"])
    return st.builds(lambda first, more: [first, *more], main, others)


def descriptions(name):
    """Descriptions of the module *name*."""
    fields = objects(
        public=st.booleans(),
        needs=objects(
            postgresql=st.booleans(),
            redis=st.lists(st.sampled_from(["queue", "cache"]), max_size=2, unique=True),
        ),
        calls=st.lists(st.builds(lambda to: {"module": to}, st.sampled_from(NAMES)), max_size=2),
        routes=st.lists(st.just({"path": "/chat"}), max_size=1),
        scaling=SCALINGS,
        monitoring=objects(
            rules=st.just([{"record": "r", "expr": 'up{system="$(system)"}', "labels": {}}]),
            dashboard=st.just({"title": "$(module)", "panels": []}),
        ),
    )
    return st.builds(
        lambda parts, spec: a_module(name, **{"components": parts} | spec), components(), fields
    )


AVAILABLE = st.builds(
    lambda builtin, foreign: modules_with(
        *builtin, foreign=foreign, broken={"broken": "spec.image: Field required"}
    ),
    st.tuples(descriptions("alpha"), descriptions("gamma")),
    st.tuples(descriptions("alpha-beta"), descriptions("delta")),
)
"""Modules that a system may have: two built in, two of the namespace, one that cannot be read."""
