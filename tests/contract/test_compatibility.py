"""What the last release accepted is accepted, and what it stored can be read."""

from pathlib import Path

import pytest
import yaml

from arkalia_generate.compatibility import changed_defaults, taken
from arkalia_generate.released import files_of, releases, version_of
from arkalia_operator.api.arkaliamodule import ArkaliaModuleSpec
from arkalia_operator.api.arkaliasystem import ArkaliaSystemSpec
from arkalia_release.versions import parsed

ROOT = Path(__file__).resolve().parents[2]
LAST = releases(ROOT)[-1]
BEFORE = {name: yaml.safe_load(text) for name, text in files_of(LAST / "crds").items()}
NOW = {name: yaml.safe_load(text) for name, text in files_of(ROOT / "crds").items()}


@pytest.mark.parametrize("name", BEFORE)
def test_crd_is_still_there(name):
    assert name in NOW


@pytest.mark.parametrize("name", BEFORE)
def test_crd_takes_nothing_from_users_of_the_last_release(name):
    assert taken(BEFORE[name], NOW[name]) == []


@pytest.mark.parametrize("name", BEFORE)
def test_changed_default_is_named_in_the_changelog(name):
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    paths = [each.partition(".")[2] for each in changed_defaults(BEFORE[name], NOW[name])]

    assert [path for path in paths if f"`{path}`" not in changelog] == []


def test_last_release_is_not_newer_than_the_checkout():
    assert not parsed(LAST.name).follows(parsed(version_of(ROOT)))


@pytest.mark.parametrize("path", sorted(LAST.glob("accepted/*.yaml")), ids=lambda path: path.stem)
def test_resource_that_the_last_release_took_can_be_read(path):
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    model = {"ArkaliaSystem": ArkaliaSystemSpec, "ArkaliaModule": ArkaliaModuleSpec}[body["kind"]]

    model.model_validate(body.get("spec") or {})
