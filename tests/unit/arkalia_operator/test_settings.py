import pytest

from arkalia_operator.errors import SettingsError
from arkalia_operator.settings import Settings


def test_settings_have_defaults_for_everything():
    settings = Settings.from_environment({})

    assert settings.watch_namespaces == ()
    assert settings.log_format == "json"


def test_settings_are_read_from_variables_with_the_operators_prefix():
    settings = Settings.from_environment(
        {
            "ARKALIA_OPERATOR_WATCH_NAMESPACES": "one, two,",
            "ARKALIA_OPERATOR_WORKERS": "3",
            "WORKERS": "7",
        }
    )

    assert settings.watch_namespaces == ("one", "two")
    assert settings.workers == 3


def test_settings_hold_the_selector_of_systems():
    settings = Settings.from_environment(
        {"ARKALIA_OPERATOR_SYSTEM_SELECTOR": "tier in (gold, silver)"}
    )

    assert settings.system_selector.selects({"tier": "gold"})
    assert not settings.system_selector.selects({})


def test_settings_tell_what_is_wrong_with_a_selector():
    with pytest.raises(SettingsError, match="SELECTOR='tier > gold': 'tier > gold' is no part"):
        Settings.from_environment({"ARKALIA_OPERATOR_SYSTEM_SELECTOR": "tier > gold"})


def test_settings_leave_variables_alone_that_kubernetes_made_of_a_service_name():
    settings = Settings.from_environment({"ARKALIA_OPERATOR_SERVICE_HOST": "10.0.0.1"})

    assert settings == Settings()


def test_settings_tell_every_mistake_at_once_with_the_variables_name():
    environment = {"ARKALIA_OPERATOR_WORKERS": "many", "ARKALIA_OPERATOR_LOG_LEVEL": "LOUD"}

    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)

    assert "ARKALIA_OPERATOR_WORKERS='many'" in str(caught.value)
    assert "ARKALIA_OPERATOR_LOG_LEVEL='LOUD'" in str(caught.value)
