"""Sessions on the user's machine: whose they are, and what becomes of those that cannot be used."""

import stat
from pathlib import Path

import pytest

from arkalia_cli import sessions
from arkalia_cli.errors import MistakeError, RefusedError
from arkalia_cli.sessions import Session

SESSION = Session("ada", "access", 1.5, "refresh")


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return sessions.file_of("https://cluster", "arkalia", "luna")


def test_session_that_is_kept_is_found_again(path):
    sessions.keep(path, SESSION)

    assert sessions.kept(path) == SESSION


def test_there_is_none_before_and_none_after_it_was_forgotten(path):
    assert sessions.kept(path) is None
    sessions.keep(path, SESSION)
    sessions.forget(path)
    sessions.forget(path)

    assert sessions.kept(path) is None


def test_each_gateway_has_a_file_of_its_own(path):
    others = {
        sessions.file_of("https://other", "arkalia", "luna"),
        sessions.file_of("https://cluster", "arkali", "aluna"),
        sessions.file_of("https://cluster", "arkalia", "sol"),
    }

    assert len({path, *others}) == 4


def test_file_lies_in_the_folder_for_state(path, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert path.is_relative_to(tmp_path / "state/arkalia/sessions")
    assert sessions.file_of("a").is_relative_to(tmp_path / ".local/state/arkalia/sessions")


def test_new_content_leaves_nothing_else_behind(path):
    sessions.keep(path, SESSION)
    sessions.keep(path, Session("eve", "b", 2.5, "c"))

    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_session_that_others_can_read_is_none(path):
    sessions.keep(path, SESSION)
    path.chmod(0o640)

    with pytest.raises(MistakeError, match="others on this machine can read"):
        sessions.kept(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"user": "ada"}', "\ufffe"])
def test_file_that_is_no_session_is_told_with_what_to_do(path, text):
    sessions.keep(path, SESSION)
    path.write_text(text)

    with pytest.raises(MistakeError, match="cannot be read") as told:
        sessions.kept(path)
    assert f"rm {path}" in told.value.hint


def test_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "state").write_text("a file")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    with pytest.raises(MistakeError, match="cannot be kept") as told:
        sessions.keep(sessions.file_of("a"), SESSION)
    assert "XDG_STATE_HOME" in told.value.hint


def test_turn_is_waited_for_and_not_for_ever(path: Path, monkeypatch):
    monkeypatch.setattr(sessions, "TURN_SECONDS", 0.2)

    with (
        sessions.turn(path),
        pytest.raises(RefusedError, match="another command renews"),
        sessions.turn(path),
    ):
        pass
    with sessions.turn(path):
        pass
