from pathlib import Path

import pytest

from arkalia_dev.paths import Paths, default_paths


def of(checkout):
    return Paths(Path(checkout), Path("/states"), Path("/cache"))


def test_two_checkouts_of_the_same_name_have_clusters_of_their_own():
    assert of("/a/arkalia").id != of("/b/arkalia").id


@pytest.mark.parametrize("checkout", ["/home/me/My Project!", "/ÄÖ", "/" + "long" * 30])
def test_id_is_a_plain_word_whatever_the_folder_is_called(checkout):
    assert of(checkout).id.replace("-", "").isalnum()
    assert of(checkout).id.isascii()
    assert len(of(checkout).id) <= 27


def test_state_and_cache_follow_the_xdg_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    paths = default_paths()

    assert paths.states == tmp_path / "state" / "arkalia"
    assert paths.cache == tmp_path / "cache" / "arkalia"


def test_state_is_its_owners_alone(tmp_path):
    paths = Paths(tmp_path, tmp_path / "states", tmp_path / "cache")

    paths.make()

    assert paths.state.stat().st_mode & 0o777 == 0o700
    assert paths.pki.stat().st_mode & 0o777 == 0o700
