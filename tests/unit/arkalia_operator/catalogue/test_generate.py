"""The copies of `module.yaml` that the operator ships."""

import pytest
import yaml

from arkalia_operator.catalogue.generate import (
    HOME,
    ModuleFileError,
    bodies,
    generated_files,
)

MODULE = """\
apiVersion: arkalia.io/v1alpha1
kind: ArkaliaModule
metadata: {name: weather}
spec: {image: {repository: weather}, components: [{name: main, port: 8000}]}
"""


GROUND = """\
signals: [{name: memory, metric: shared}, {name: lag, metric: shared}]
control: [{verb: ShedLoad}]
monitoring: {dashboard: {title: shared, panels: [{title: CPU}]}}
"""
OWN = """\
  signals: [{name: lag, metric: own}, {name: rain, metric: own}]
  monitoring: {dashboard: {title: own, panels: [{title: Rain}]}}
"""


def write(root, text, folder="weather", ground=""):
    for path, content in ((folder, text), ("runtime", ground)):
        (root / "workloads" / path).mkdir(parents=True)
        name = "module.yaml" if path == folder else "ground.yaml"
        if content:
            (root / "workloads" / path / name).write_text(content)


def test_first_line_names_the_source(tmp_path):
    write(tmp_path, MODULE)

    texts = generated_files(tmp_path).texts

    first, rest = texts[f"{HOME}/weather.yaml"].split("\n", 1)
    assert (
        "edit workloads/weather/module.yaml or workloads/runtime/ground.yaml and those beside it"
        in first
    )
    assert yaml.safe_load(rest) == yaml.safe_load(MODULE)


def test_module_has_what_every_module_has_where_it_says_nothing(tmp_path):
    write(tmp_path, MODULE, ground=GROUND)

    spec = bodies(tmp_path)["weather"]["spec"]

    assert spec["signals"] == yaml.safe_load(GROUND)["signals"]
    assert spec["control"] == [{"verb": "ShedLoad"}]


def test_module_has_what_every_module_with_its_needs_has(tmp_path):
    write(tmp_path, MODULE.replace("spec: {", "spec: {needs: {postgresql: true}, "), ground=GROUND)
    for need in ("postgresql", "redis"):
        shared = f"control: [{{verb: Of-{need}}}]"
        (tmp_path / f"workloads/runtime/ground-{need}.yaml").write_text(shared)

    control = bodies(tmp_path)["weather"]["spec"]["control"]

    assert control == [{"verb": "ShedLoad"}, {"verb": "Of-postgresql"}]


def test_own_entry_stands_for_the_one_of_every_module_of_the_same_name(tmp_path):
    own = MODULE.replace("spec: {", "spec:\n  ").replace(", components", "\n  components")
    write(tmp_path, own.rstrip().removesuffix("}") + "\n" + OWN, ground=GROUND)

    spec = bodies(tmp_path)["weather"]["spec"]

    assert [(each["name"], each["metric"]) for each in spec["signals"]] == [
        ("memory", "shared"),
        ("lag", "own"),
        ("rain", "own"),
    ]
    dashboard = spec["monitoring"]["dashboard"]
    assert dashboard == {"title": "own", "panels": [{"title": "CPU"}, {"title": "Rain"}]}


def test_folders_of_other_versions_are_not_its_own(tmp_path):
    write(tmp_path, MODULE)

    assert generated_files(tmp_path).homes == (f"{HOME}/*",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (MODULE.replace("port:", "prot:"), "is not an ArkaliaModule: .*prot"),
        (MODULE.replace("spec:", "spek:"), "is not an ArkaliaModule: 'spec'"),
        ("- a list", "is not an ArkaliaModule: "),
        ("{", "is not an ArkaliaModule: "),
        (
            MODULE.replace("{name: weather}", "{name: other}"),
            "metadata.name is other: write weather",
        ),
    ],
)
def test_source_is_refused_with_its_path_when_it_is_wrong(tmp_path, text, complaint):
    write(tmp_path, text)

    with pytest.raises(ModuleFileError, match=rf"(?s)^workloads/weather/module\.yaml.*{complaint}"):
        generated_files(tmp_path)
