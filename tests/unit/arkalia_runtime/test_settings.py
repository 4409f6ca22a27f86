"""Settings: where they come from, and what is said about one that cannot be used."""

import pytest
from pydantic import SecretStr

from arkalia_contract import environment
from arkalia_runtime.settings import ServiceSettings, SettingsError, load_settings


class OwnSettings(ServiceSettings):
    """Settings of a service that has more than every service has."""

    key: SecretStr = SecretStr("default")
    numbers: list[int] = []  # noqa: RUF012 - pydantic copies it
    other_key: SecretStr | None = None


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    path.touch()
    monkeypatch.setenv(environment.SETTINGS_FILE, str(path))
    return path


def fault(settings_class=ServiceSettings):
    with pytest.raises(SettingsError) as caught:
        load_settings(settings_class)
    return str(caught.value)


def test_settings_have_defaults_when_nothing_is_said():
    settings = load_settings(ServiceSettings)

    assert (settings.env, settings.port, settings.drain_seconds) == ("development", 8000, 5)


def test_file_wins_over_default(file):
    file.write_text('log_level = "DEBUG"\ndrain_seconds = 7')

    settings = load_settings(ServiceSettings)

    assert (settings.log_level, settings.drain_seconds) == ("DEBUG", 7)


def test_variable_wins_over_file(file, monkeypatch):
    file.write_text("port = 1111")
    monkeypatch.setenv(environment.PORT, "2222")

    assert load_settings(ServiceSettings).port == 2222


def test_every_variable_that_the_operator_sets_is_a_setting():
    names = {environment.PREFIX + name.upper() for name in ServiceSettings.model_fields}

    assert set(environment.SET_BY_OPERATOR) <= names


def test_fault_names_variable_value_and_what_is_allowed_when_a_variable_is_wrong(monkeypatch):
    monkeypatch.setenv(environment.PORT, "70000")

    assert fault() == (
        "ARKALIA_PORT is '70000': input should be less than or equal to 65535. "
        "Meaning: Port to listen on, 1 to 65535."
    )


def test_fault_names_key_and_file_when_the_file_is_wrong(file):
    file.write_text('log_level = "LOUD"')

    message = fault()

    assert message.startswith(f"log_level in {file} is 'LOUD': input should be 'DEBUG', 'INFO', ")


def test_every_fault_is_named_when_there_are_several(file, monkeypatch):
    file.write_text("stop_seconds = 0")
    monkeypatch.setenv(environment.DRAIN_SECONDS, "long")

    message = fault()

    assert "ARKALIA_DRAIN_SECONDS is 'long'" in message
    assert f"stop_seconds in {file} is 0" in message
    assert "\n" not in message


def test_known_keys_are_named_when_the_file_has_an_unknown_one(file):
    file.write_text("prot = 8000")

    message = fault()

    assert message.startswith(f"prot in {file} is not a setting: known are ")
    assert ", port, " in message


def test_line_is_named_when_the_file_is_not_toml(file):
    file.write_text("port: 8000")

    message = fault()

    assert message.startswith(f"{file} is not valid TOML: ")
    assert "line 1" in message


def test_named_file_must_be_there(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.SETTINGS_FILE, str(tmp_path / "absent.toml"))

    assert fault() == f"ARKALIA_SETTINGS_FILE is '{tmp_path}/absent.toml': there is no such file"


def test_variable_is_named_when_its_list_cannot_be_read(monkeypatch):
    monkeypatch.setenv("ARKALIA_NUMBERS", "1 and 2")

    assert "numbers" in fault(OwnSettings)


def test_fault_does_not_repeat_a_secret(file):
    file.write_text("key = 90210667")

    message = fault(OwnSettings)

    assert message.startswith(f"key in {file} is a secret: ")
    assert "90210667" not in message


def test_shown_settings_have_no_secret():
    settings = OwnSettings(key=SecretStr("hidden"), other_key=SecretStr("hidden"), numbers=[1])

    shown = settings.shown()

    assert shown["numbers"] == [1]
    assert {"key", "other_key"}.isdisjoint(shown)
