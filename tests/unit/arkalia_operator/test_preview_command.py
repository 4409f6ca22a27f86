"""`arkalia-operator plan` without a cluster: a file against a snapshot."""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from applied_objects import AppliedObjects
from arkalia_operator import catalogue
from arkalia_operator.__main__ import main
from arkalia_operator.api.resources import ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import desired_state
from arkalia_operator.desired.data.access import Access, DataAccess, DataService, Endpoint
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.desired.trust import Issuer, Trust
from arkalia_operator.planning.plan import plan
from arkalia_operator.runtime import preview
from arkalia_operator.runtime.preview import Snapshot, Told, restored, saved
from arkalia_operator.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
METADATA = {"name": "luna", "namespace": "arkalia"}
TOLD = Told(
    Trust(Issuer("https://issuer", "{}"), ("<authority>",)),
    DataAccess(
        "uid-1", {DataService.CACHE: Access(Endpoint("luna-redis-cache", 6379), "key", "d-1")}
    ),
)
OFF = {name: {"enabled": False} for name in catalogue.load()["0.1.0"] if name != "helloria"}
WEATHER = {"metadata": {"name": "weather", "namespace": "arkalia"},
           "spec": {"image": {"repository": "weather"},
                    "components": [{"name": "main", "port": 8000}]}}  # fmt: skip


def body(**spec):
    return {"apiVersion": "arkalia.io/v1alpha1", "kind": "ArkaliaSystem", "metadata": METADATA,
            "spec": {"modules": OFF} | spec}  # fmt: skip


@pytest.fixture
def snapshot(tmp_path):
    """What was read of a cluster in which luna runs, as its spec says."""
    live = body() | {
        "metadata": METADATA | {"uid": "uid-1", "generation": 1},
        "status": {"observedGeneration": 1},
    }
    system = ArkaliaSystem.from_body(live)
    own = Defaults(version("arkalia-operator"), Settings().image_registry)
    weather = ArkaliaModule.from_body(WEATHER)
    available = Modules(catalogue.load(), {"weather": weather}, {}, own)
    desired = desired_state(system, available, TOLD.trust, TOLD.access)
    server = AppliedObjects()
    for _ in range(3):
        server.carry_out(plan(system, desired, server.observed()))
        for each in server.objects.values():
            if each["kind"] == "Job":
                each["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
            if each["kind"] == "StatefulSet":
                each["status"] = {"readyReplicas": 1}
    module = WEATHER | {"metadata": WEATHER["metadata"] | {"uid": "uid-2", "resourceVersion": "7"}}
    objects = list(server.objects.values())
    found = Snapshot(
        [live], [module], objects, [], {"arkalia/luna": TOLD}, Settings().image_registry
    )
    path = tmp_path / "snapshot.json"
    path.write_bytes(saved(found))
    return path


@pytest.fixture
def ask(snapshot, tmp_path, capsys):
    """Run the command with a file of *bodies*; gives exit status, output and errors."""

    def run(*bodies, words=()):
        path = tmp_path / "system.yaml"
        path.write_text(yaml.safe_dump_all(bodies), encoding="utf-8")
        status = main(["plan", "-f", str(path), "--against", str(snapshot), *words])
        return status, *capsys.readouterr()

    return run


def test_file_that_says_what_runs_ends_with_0(ask):
    assert ask(body()) == (
        0,
        "luna (arkalia): nothing to change; the pods of 0 objects would be replaced.\n",
        "",
    )


def test_changed_file_ends_with_2_and_tells_which_pods_it_replaces_and_why(ask):
    status, out, _ = ask(body(environment="staging"))

    assert status == 2
    assert "luna (arkalia): 1 to change; the pods of 1 objects would be replaced.\n" in out
    assert "env[ARKALIA_ENV].value; its pods are replaced (spec.environment)\n" in out


def test_answer_for_programs_names_objects_fields_and_reasons(ask):
    status, out, _ = ask(body(environment="staging"), words=("-o", "json"))

    [system] = json.loads(out)["systems"]
    [item] = system["items"]
    assert status == 2
    assert (item["object"], item["operation"]) == ("Deployment luna-helloria", "change")
    assert (item["restarts"], item["reason"]) == (True, "spec.environment")


def test_new_system_is_created(ask):
    other = body() | {"metadata": {"name": "sol"}}

    status, out, _ = ask(other, words=("-n", "arkalia"))

    assert status == 2
    assert "create Deployment sol-helloria" in out


def test_module_of_the_file_comes_before_the_one_of_the_cluster(ask):
    listed = body(modules=OFF | {"weather": {}})
    other = {"kind": "ArkaliaModule"} | WEATHER
    other = other | {"spec": WEATHER["spec"] | {"image": {"repository": "weather", "tag": "2"}}}

    created = ask(listed)[1]
    status, out, _ = ask(listed, other)

    assert "create Deployment luna-weather" in created
    assert status == 2
    assert "create Deployment luna-weather" in out


def test_problem_of_a_spec_is_told(ask):
    _, out, _ = ask(body(version="9.9.9"))

    assert "spec.version 9.9.9 is not known to this operator" in out


def test_upgrade_tells_of_every_system_of_the_cluster(snapshot, capsys):
    assert main(["plan", "--upgrade", "--against", str(snapshot)]) == 0
    assert capsys.readouterr().out.startswith("luna (arkalia): nothing to change")


def test_upgrade_tells_what_it_would_replace_once_it_is_let_in(snapshot, capsys, monkeypatch):
    monkeypatch.setenv("ARKALIA_OPERATOR_IMAGE_REGISTRY", "images.example.com")

    assert main(["plan", "--upgrade", "--against", str(snapshot)]) == 2
    assert "its pods are replaced (operator upgrade)" in capsys.readouterr().out


def test_what_only_the_operator_would_change_is_held_for_a_file(ask, monkeypatch):
    monkeypatch.setenv("ARKALIA_OPERATOR_IMAGE_REGISTRY", "images.example.com")

    status, out, _ = ask(body())

    assert status == 2
    assert "hold Deployment luna-helloria (operator upgrade)" in out


def test_what_the_operator_does_with_upgrades_holds_for_a_file_too(ask, monkeypatch):
    monkeypatch.setenv("ARKALIA_OPERATOR_IMAGE_REGISTRY", "images.example.com")
    monkeypatch.setenv("ARKALIA_OPERATOR_UPGRADES", "AtOnce")

    _, out, _ = ask(body())

    assert "its pods are replaced (operator upgrade)" in out


def with_system(path, name, **fields):
    """Add a system to the snapshot at *path*, like luna but for *fields*."""
    found = restored(path.read_bytes())
    [luna] = found.systems
    found.systems.insert(0, luna | {"metadata": luna["metadata"] | {"name": name}} | fields)
    path.write_bytes(saved(found))


def test_system_that_cannot_be_read_is_a_problem_of_that_system_alone(snapshot, capsys):
    with_system(snapshot, "sol", spec={"environment": 7})

    assert main(["plan", "--upgrade", "--against", str(snapshot)]) == 1

    sol, problem, luna = capsys.readouterr().out.splitlines()
    assert sol == "sol (arkalia): what would be done cannot be told."
    assert problem.startswith("  it cannot be read: spec.environment")
    assert luna.startswith("luna (arkalia): nothing to change")


def test_status_that_cannot_be_read_counts_as_empty_and_is_told(snapshot, capsys):
    with_system(snapshot, "sol", status={"observedGeneration": "many"})

    assert main(["plan", "--upgrade", "--against", str(snapshot)]) == 2

    out = capsys.readouterr().out
    assert "create Deployment sol-helloria" in out
    assert "  its status cannot be read, and counts as empty" in out


def test_status_that_cannot_be_read_does_not_hinder_a_file(snapshot, ask):
    with_system(snapshot, "sol", status={"observedGeneration": "many"})

    status, out, _ = ask(body() | {"metadata": METADATA | {"name": "sol"}})

    assert status == 2
    assert "its status cannot be read" in out


def test_what_all_systems_share_is_made_once(snapshot, capsys, monkeypatch):
    with_system(snapshot, "sol")
    made = []
    real = preview.renderer
    monkeypatch.setattr(preview, "renderer", lambda each: made.append(each) or real(each))

    main(["plan", "--upgrade", "--against", str(snapshot)])

    assert len(made) == 1


def test_images_come_from_where_the_snapshot_says_that_the_operator_takes_them(
    snapshot, ask, monkeypatch
):
    found = replace(restored(snapshot.read_bytes()), registry="mirror.example.com")
    snapshot.write_bytes(saved(found))

    assert ask(body(), words=["-o", "json"])[::2] == (2, "")

    monkeypatch.setenv("ARKALIA_OPERATOR_IMAGE_REGISTRY", Settings().image_registry)
    assert ask(body())[::2] == (0, "")


def test_registry_that_nobody_told_is_that_of_the_chart_and_is_named(snapshot, ask):
    snapshot.write_bytes(saved(replace(restored(snapshot.read_bytes()), registry=None)))

    status, _, errors = ask(body())

    values = yaml.safe_load((ROOT / "charts/arkalia/values.yaml").read_text("utf-8"))
    assert status == 0
    assert f"images are taken to come from {values['image']['registry']}" in errors
    assert "ARKALIA_OPERATOR_IMAGE_REGISTRY" in errors


def test_snapshot_can_be_read_again(snapshot):
    found = restored(snapshot.read_bytes())

    assert found.told["arkalia/luna"] == TOLD


def test_no_word_for_what_is_asked_ends_with_1(capsys):
    assert main(["plan"]) == 1
    assert "write --file with a file, or --upgrade" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Secret", "holds no ArkaliaSystem"),
        ("a: [", "is no YAML"),
        (
            "{kind: ArkaliaSystem, metadata: {name: luna}, spec: {environment: 7}}",
            "wrong.yaml: ArkaliaSystem luna: spec.environment",
        ),
        ("a: 1\n---\nkind: ArkaliaSystem", "the ArkaliaSystem in document 2 has no metadata.name"),
        (
            "{kind: ArkaliaModule, metadata: luna}",
            "the ArkaliaModule in document 1 has no metadata.name",
        ),
    ],
)
def test_file_that_cannot_be_used_ends_with_1(snapshot, tmp_path, capsys, text, message):
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    assert main(["plan", "-f", str(path), "--against", str(snapshot)]) == 1
    assert message in capsys.readouterr().err


def test_module_without_a_spec_is_told_where_a_system_names_it(ask):
    listed = body(modules=OFF | {"weather": {}})

    _, out, _ = ask(listed, {"kind": "ArkaliaModule", "metadata": {"name": "weather"}},
                    words=("-n", "arkalia"))  # fmt: skip

    assert "weather" in out
    assert "spec.image" in out


@pytest.mark.parametrize("word", ["--save", "--context"])
def test_word_about_a_cluster_is_refused_with_a_snapshot(ask, word):
    status, _, err = ask(body(), words=(word, "other"))

    assert status == 1
    assert f"{word} is about a cluster" in err


def test_file_that_is_not_there_ends_with_1(snapshot, capsys):
    assert main(["plan", "-f", "nothing.yaml", "--against", str(snapshot)]) == 1
    assert "nothing.yaml" in capsys.readouterr().err
