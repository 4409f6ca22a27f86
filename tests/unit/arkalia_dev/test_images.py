import pytest

from arkalia_dev.errors import DevError
from arkalia_dev.images import MODEL, Image, catalogue, chosen, copied
from arkalia_dev.paths import CHECKOUT

RECIPE = """\
ARG BASE=python
FROM ${BASE} AS built
COPY --chown=1:1 lock ./
COPY common services/${SERVICE} /src/
FROM ${BASE}
COPY --from=built /src /src
COPY scripts/run-* /bin/
"""


@pytest.fixture
def image(tmp_path):
    """An image that copies a lock file, a common folder and its service."""
    for name in (
        "lock",
        "common/a.py",
        "services/one/b.py",
        "services/two/c.py",
        "scripts/run-it",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    recipe = tmp_path / "Containerfile"
    recipe.write_text(RECIPE)
    return Image("one", "localhost/one:1", recipe, tmp_path, {"SERVICE": "one"})


def test_copied_sources_are_those_of_the_context():
    assert copied(RECIPE, {"SERVICE": "one"}) == [
        *("lock", "common", "services/one"),
        "scripts/run-*",
    ]


@pytest.mark.parametrize(
    "name", ["lock", "common/a.py", "services/one/b.py", "scripts/run-it", "Containerfile"]
)
def test_inputs_change_when_a_copied_file_changes(image, name):
    before = image.inputs("base")

    file = image.context / name
    file.write_text(f"{file.read_text()}\n# changed")

    assert image.inputs("base") != before


def test_inputs_change_when_a_file_is_renamed(image):
    before = image.inputs("base")

    (image.context / "common/a.py").rename(image.context / "common/z.py")

    assert image.inputs("base") != before


def test_inputs_change_when_the_base_changes(image):
    assert image.inputs("base") != image.inputs("another base")


@pytest.mark.parametrize("name", ["services/two/c.py", "common/__pycache__/a.pyc", "README.md"])
def test_inputs_stay_when_something_else_changes(image, name):
    before = image.inputs("base")

    file = image.context / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("changed")

    assert image.inputs("base") == before


def test_catalogue_has_the_operator_and_each_folder_with_a_module_or_a_recipe():
    images = {image.name: image.reference for image in catalogue(CHECKOUT)}
    services = {path.parent.name for path in (CHECKOUT / "workloads").glob("*/module.yaml")}

    assert images.keys() >= {"operator", "postgresql", "redis", MODEL, *services}
    assert all(reference.startswith("localhost/arkalia") for reference in images.values())


def test_images_that_are_released_are_without_those_for_trying_out():
    every, released = catalogue(CHECKOUT), catalogue(CHECKOUT, examples=False)

    assert {each.name for each in every} - {each.name for each in released} == {MODEL, "greeter"}


def test_catalogue_names_the_example_as_its_description_does():
    [greeter] = [image for image in catalogue(CHECKOUT) if image.name == "greeter"]

    assert greeter.reference == "localhost/arkalia-examples/greeter:1.0.0"


def test_choice_names_what_there_is_when_a_name_is_unknown():
    with pytest.raises(DevError) as failure:
        chosen(catalogue(CHECKOUT), ["heloria"])

    assert "heloria" in failure.value.message
    assert "helloria" in failure.value.advice
