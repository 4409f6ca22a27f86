"""A resource is rendered into exactly these objects: examples, also those of the documentation.

A case is a folder: `system.yaml` (one system or several), further modules in `modules/`, and
`expected.yaml` with every object in the order of its apply. A case without a `system.yaml` is an
example of docs/examples. The case `empty` has all built-in modules; the others have the gateway
alone, which keeps them short, and those that their system names. `GOLDEN=write` writes what is rendered over what was expected: read the
difference before you commit it.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

import kubernetes_schemas
from arkalia_operator import catalogue
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import desired_state, names
from arkalia_operator.desired.certificates import wanted_certificates
from arkalia_operator.desired.data import needs
from arkalia_operator.desired.data.access import Access, DataAccess, DataService, Endpoint
from arkalia_operator.desired.kinds import IN_APPLY_ORDER, MAKE_PODS
from arkalia_operator.desired.resolve import Defaults, Modules, resolve
from arkalia_operator.desired.trust import Issuer, Trust
from arkalia_operator.settings import Settings
from arkalia_release.versions import parsed
from pod_security import violations

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs/examples"
CASES = sorted(
    path.name for path in Path(__file__).parent.glob("[a-z]*/") if path.name != "released"
)
WRITE = os.environ.get("GOLDEN") == "write"
TRUST = Trust(Issuer("https://kubernetes.default.svc", '{"keys":[]}'), ("<authority>\n",))
BUILT_IN = catalogue.load()
WITH_ALL_MODULES = {"empty"}
ENDPOINTS = {
    "builtin": {each: Endpoint(f"luna-{each}.arkalia.svc", 6379) for each in DataService}
    | {DataService.POSTGRESQL: Endpoint("luna-postgresql.arkalia.svc", 5432, "arkalia")},
    "external": {each: Endpoint(f"{each}.example.com", 6380) for each in DataService}
    | {DataService.POSTGRESQL: Endpoint("db.example.com", 5433, "luna")},
    "cnpg": {DataService.POSTGRESQL: Endpoint("luna-postgresql-rw.arkalia.svc", 5432, "arkalia")},
}
UID = "00000000-0000-0000-0000-000000000001"


class Readable(yaml.CSafeDumper):
    """YAML without anchors, and with texts of several lines as people write them."""

    def ignore_aliases(self, _):
        return True


def _text(dumper, text):
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Readable.add_representer(str, _text)


def documents(path):
    text = path.read_text(encoding="utf-8")
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


def folder_of(case):
    """Where the resources of *case* are written down."""
    own = Path(__file__).parent / case
    return own if (own / "system.yaml").exists() else EXAMPLES / case


def systems_of(case):
    files = sorted(folder_of(case).glob("system*.yaml"), key=lambda path: path.stem)
    for body in (each for path in files for each in documents(path)):
        yield ArkaliaSystem.from_body(
            {**body, "metadata": {**body["metadata"], "uid": UID, "generation": 1}}
        )


def built_in(case, known):
    """Those of the *known* modules that the systems of *case* have."""
    if case in WITH_ALL_MODULES:
        return known
    named = {name for system in systems_of(case) for name in system.spec.modules}
    return {name: module for name, module in known.items() if name in named | {"helloria"}}


def modules_of(case):
    files = [*folder_of(case).glob("modules/*.yaml"), *folder_of(case).glob("module.yaml")]
    modules = [ArkaliaModule.from_body(body) for path in files for body in documents(path)]
    builtin = {version: built_in(case, known) for version, known in BUILT_IN.items()}
    newest = max(builtin, key=lambda version: parsed(version).order)
    foreign = {each.name: each for each in modules}
    return Modules(builtin, foreign, {}, Defaults(newest, Settings().image_registry))


def access_to(system, resolution):
    """Every data service that is needed, as it is once its Secret was made."""
    found = {
        each: Access(ENDPOINTS[needs.mode(system, each)][each], "provision-0123456789ab", "d-1")
        for each in needs.needed(resolution)
    }
    return DataAccess(UID, found)


@cache
def rendered(case):
    available = modules_of(case)
    found = []
    for system in systems_of(case):
        access = access_to(system, resolve(system, available))
        found += desired_state(system, available, TRUST, access).manifests
    return tuple(found)


def secrets_of(case):
    """Names of the Secrets that are made beside: what they hold is nobody's to write down."""
    available = modules_of(case)
    for system in systems_of(case):
        resolution = resolve(system, available)
        if system.spec.security.tls.mode == "builtin":
            yield names.authority(system.name)
            yield from (each.secret for each in wanted_certificates(system, resolution))
        yield from (names.data_service(system.name, each) for each in needs.needed(resolution))
        yield from (each.name for each in needs.secrets(system, resolution))


def as_yaml(manifests):
    return yaml.dump_all(manifests, Dumper=Readable, sort_keys=False, width=98, allow_unicode=True)


@pytest.fixture(scope="session")
def kubeconform(tmp_path_factory):
    """A command that judges manifests by the schemas of Kubernetes and the Prometheus operator."""
    path = os.pathsep.join([str(ROOT / "build/tools"), os.environ["PATH"]])
    tool = shutil.which("kubeconform", path=path)
    assert tool, "kubeconform is not there: run `make tools`"
    kinds = {kind.name for kind in IN_APPLY_ORDER}
    location = kubernetes_schemas.write(tmp_path_factory.mktemp("schemas"), kinds)
    return [tool, "-strict", "-schema-location", location, "-"]


@pytest.mark.parametrize("case", CASES)
def test_case_is_rendered_as_expected(case):
    path = Path(__file__).parent / case / "expected.yaml"
    made = "".join(f"# {each}\n" for each in sorted(secrets_of(case)))
    text = as_yaml(rendered(case)) + (f"# Secrets that are made beside:\n{made}" if made else "")

    if WRITE:
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_rendering_changes_nothing_that_all_systems_share(case):
    before = dumped(ArkaliaSystemSpec())

    rendered(case)

    assert dumped(ArkaliaSystemSpec.model_validate({})) == before


def dumped(spec):
    """*spec* with its defaults, which are the same objects in each."""
    return spec.model_dump_json()


@pytest.mark.parametrize("case", CASES)
def test_no_two_objects_of_a_case_are_the_same(case):
    keys = [(each["kind"], each["metadata"]["name"]) for each in rendered(case)]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("case", CASES)
def test_pods_of_a_case_pass_the_level_restricted(case):
    makers = {kind.name for kind in MAKE_PODS}
    pods = [each["spec"]["template"] for each in rendered(case) if each["kind"] in makers]

    assert [each for pod in pods for each in violations(pod)] == []


@pytest.mark.parametrize("case", CASES)
def test_objects_of_a_case_fit_the_schemas_of_kubernetes(case, kubeconform):
    answer = subprocess.run(
        kubeconform, input=as_yaml(rendered(case)), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_example_of_the_documentation_is_a_case():
    examples = {path.parent.name for path in EXAMPLES.glob("*/system.yaml")}

    assert examples <= set(CASES)
