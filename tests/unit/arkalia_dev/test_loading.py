from pathlib import Path

import pytest

from arkalia_dev.images import Image
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.loading import Loading, users

NOWHERE = Kubectl(Path("/bin/false"), Path("/nonexistent"))


def an_image(name):
    return Image(name, f"localhost/{name}:1", Path(name), Path())


@pytest.fixture
def loading(tmp_path):
    """Builds a Loading whose images have given inputs, on a cluster that holds given references."""

    def build(inputs, present):
        return Loading(
            tmp_path / "loaded.json",
            [an_image(name) for name in inputs],
            lambda image: inputs[image.name],
            lambda _: [],
            NOWHERE,
            lambda: present,
        )

    return build


def do(actions):
    for action in actions:
        action.function()


def test_everything_is_loaded_when_the_cluster_is_new(loading):
    first = loading({"a": "1", "b": "1"}, set())

    assert [image.name for image in first.changed()] == ["a", "b"]


def test_nothing_is_left_when_it_was_loaded(loading):
    first = loading({"a": "1"}, {"localhost/a:1"})

    do(first.actions())

    assert first.is_done()


def test_only_what_changed_is_loaded_again(loading):
    present = {"localhost/a:1", "localhost/b:1"}
    do(loading({"a": "1", "b": "1"}, present).actions())

    second = loading({"a": "1", "b": "2"}, present)

    assert [image.name for image in second.changed()] == ["b"]


def test_image_is_loaded_again_when_the_cluster_lost_it(loading):
    do(loading({"a": "1"}, {"localhost/a:1"}).actions())

    assert not loading({"a": "1"}, set()).is_done()


def test_users_are_those_that_run_one_of_the_images():
    def workload(name, image):
        pod = {"spec": {"containers": [{"image": image}]}}
        return {"metadata": {"name": name, "namespace": "n"}, "spec": {"template": pod}}

    found = users([workload("one", "localhost/a:1"), workload("two", "other:1")], {"localhost/a:1"})

    assert [each["name"] for each in found] == ["one"]
