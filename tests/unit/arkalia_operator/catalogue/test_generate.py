"""The copies of `module.yaml` that the operator ships."""

import pytest

from arkalia_operator.catalogue.generate import HOME, ModuleFileError, generated_files

MODULE = """\
apiVersion: arkalia.io/v1alpha1
kind: ArkaliaModule
metadata: {name: weather}
spec: {image: {repository: weather}, components: [{name: main, port: 8000}]}
"""


def write(root, text, folder="weather"):
    (root / "workloads" / folder).mkdir(parents=True)
    (root / "workloads" / folder / "module.yaml").write_text(text)


def test_copy_is_the_source_below_a_line_that_names_it(tmp_path):
    write(tmp_path, MODULE)

    texts = generated_files(tmp_path).texts

    first, rest = texts[f"{HOME}/weather.yaml"].split("\n", 1)
    assert first.endswith("edit workloads/weather/module.yaml, then run it.")
    assert rest == MODULE


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
