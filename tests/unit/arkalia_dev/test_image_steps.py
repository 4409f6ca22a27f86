"""Old images are removed once, after the builds, and only if something was built."""

import subprocess

import pytest

from arkalia_dev.buildah import KEPT_LAYERS, KEPT_PER_NAME, Buildah
from arkalia_dev.image_steps import PRUNE_STEP, buildah_steps, name_of
from arkalia_dev.images import catalogue
from arkalia_dev.paths import CHECKOUT


@pytest.fixture
def images():
    return catalogue(CHECKOUT)


@pytest.fixture
def buildah(tmp_path):
    return Buildah(tmp_path / "cache", tmp_path / "work")


@pytest.fixture
def steps(buildah, images):
    return {step.name: step for step in buildah_steps(buildah, images)}


def test_old_images_are_removed_last(steps):
    assert list(steps)[-1] == PRUNE_STEP


def test_nothing_is_removed_when_nothing_was_built(steps):
    assert steps[PRUNE_STEP].done()


def test_old_images_are_removed_when_one_was_built(steps, images):
    steps[name_of(images[-1])].actions()

    assert not steps[PRUNE_STEP].done()


def test_newest_builds_of_each_image_and_newest_layers_stay(buildah):
    rows = [
        *(f"localhost/zeroia {n} id-z{n}" for n in range(KEPT_PER_NAME + 2)),
        *(f"<none> <none> id-n{n}" for n in range(KEPT_LAYERS + 1)),
        "localhost/taskia 0 id-t0",
    ]

    assert removed(buildah, rows) == [
        *(f"localhost/zeroia:{KEPT_PER_NAME + n}" for n in range(2)),
        f"id-n{KEPT_LAYERS}",
    ]


def test_layers_of_many_images_are_exported_without_compressing_any(buildah, images, tmp_path):
    text = buildah.export(images, tmp_path / "images.tar").text()

    assert text.count("--dest-oci-accept-uncompressed-layers") == len(images)


def removed(buildah, rows):
    """What the real script removes from a store that lists *rows*, newest first."""
    [action] = buildah.prune_actions()
    script = action.argv[-1].partition("&& flock")[2].partition("&& ")[2]
    shell = f"""
    store() {{ if [ "$1" = rmi ]; then echo "$2"; else printf '%s\\n' "$ROWS"; fi; }}
    BUILDAH=store; {script}
    """
    done = subprocess.run(
        ["sh", "-euc", shell],
        env={"PATH": "/usr/bin:/bin", "ROWS": "\n".join(rows)},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.split()
