import pytest

from arkalia_operator.api.images import Images
from arkalia_operator.desired.images import reference
from builders import a_module

DIGEST = f"sha256:{'a' * 64}"


def image(repository="helloria", tag=None, **images):
    module = a_module("helloria", image={"repository": repository, "tag": tag})
    return reference(module, Images.model_validate(images), "0.1.0", "ghcr.io/arkalia")


def test_image_is_registry_name_and_version():
    assert image() == "ghcr.io/arkalia/helloria:0.1.0"


def test_registry_of_the_system_wins_over_the_operators():
    assert image(registry="mirror.example.com:5000/a") == "mirror.example.com:5000/a/helloria:0.1.0"


def test_tag_of_the_module_wins_over_the_version():
    assert image(tag="7") == "ghcr.io/arkalia/helloria:7"


def test_digest_wins_over_every_tag():
    assert image(tag="7", digests={"helloria": DIGEST}) == f"ghcr.io/arkalia/helloria@{DIGEST}"


def test_digest_of_another_module_does_not_count():
    assert image(digests={"taskia": DIGEST}) == "ghcr.io/arkalia/helloria:0.1.0"


@pytest.mark.parametrize(
    "repository",
    ["images.example.com/team/weather", "registry:5000/weather", "localhost/weather"],
)
def test_repository_with_a_host_stays_as_it_is(repository):
    assert image(repository, registry="mirror.example.com") == f"{repository}:0.1.0"


def test_repository_with_a_path_and_no_host_gets_the_registry():
    assert image("team/weather") == "ghcr.io/arkalia/team/weather:0.1.0"


def test_image_without_any_registry_is_left_to_the_runtime():
    module = a_module("helloria")

    assert reference(module, Images(), "0.1.0", "") == "helloria:0.1.0"
