"""What is said about settings of the tasks that cannot be used."""

import pytest

from arkalia_runtime.settings import SettingsError, load_settings
from arkalia_taskia.settings import TaskSettings


def test_limits_that_do_not_fit_each_other_are_named(monkeypatch):
    monkeypatch.setenv("ARKALIA_SOFT_LIMIT_SECONDS", "700")

    with pytest.raises(SettingsError, match=r"^hard_limit_seconds must be more than soft_limit"):
        load_settings(TaskSettings)


def test_fault_of_a_time_of_day_says_what_to_write(monkeypatch):
    monkeypatch.setenv("ARKALIA_CLEAN_UP_AT", "7")

    with pytest.raises(SettingsError, match="CLEAN_UP_AT is '7': must be a time of day: write"):
        load_settings(TaskSettings)
