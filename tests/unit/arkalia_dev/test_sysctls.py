import json

import pytest

from arkalia_dev.sysctls import Sysctls

SETTING = "fs/inotify/max_user_instances"


@pytest.fixture
def setting(tmp_path):
    """The setting as an ordinary file."""
    file = tmp_path / "proc" / SETTING
    file.parent.mkdir(parents=True)
    file.write_text("128\n")
    return file


@pytest.fixture
def sysctls(tmp_path, setting):
    return Sysctls(tmp_path / "states", tmp_path / "proc")


def test_setting_is_raised_for_the_first_cluster(sysctls, setting):
    sysctls.raise_for("one")

    assert int(setting.read_text()) == 1024
    assert sysctls.are_raised("one")


def test_setting_is_restored_by_the_last_cluster_only(sysctls, setting):
    sysctls.raise_for("one")
    sysctls.raise_for("two")

    sysctls.release("one")
    between = int(setting.read_text())
    sysctls.release("two")

    assert between == 1024
    assert int(setting.read_text()) == 128


def test_nothing_is_left_when_the_last_cluster_is_gone(sysctls, tmp_path):
    sysctls.raise_for("one")

    sysctls.release("one")

    assert list((tmp_path / "states").iterdir()) == []


def test_setting_stays_when_somebody_else_changed_it_meanwhile(sysctls, setting):
    sysctls.raise_for("one")
    setting.write_text("4096\n")

    sysctls.release("one")

    assert int(setting.read_text()) == 4096


def test_setting_is_left_alone_when_it_is_high_enough(sysctls, setting, tmp_path):
    setting.write_text("8192\n")

    sysctls.raise_for("one")

    assert int(setting.read_text()) == 8192
    assert json.loads((tmp_path / "states" / "sysctls.json").read_text()) == {}


def test_setting_is_raised_again_when_the_machine_was_booted_since(sysctls, setting):
    sysctls.raise_for("one")
    setting.write_text("128\n")

    assert not sysctls.are_raised("one")
    sysctls.raise_for("one")

    assert int(setting.read_text()) == 1024
