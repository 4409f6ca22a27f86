"""What could be secret goes, what helps stays."""

import json

import pytest

from arkalia_cli.views.redaction import GONE, looks_random, redacted, text

PLANTED = "Zq8vLr2TnX5mWk9pBd4hYc7s"
"""A secret that a machine made."""
SPOKEN = "correct horse battery"
"""A secret that a person made."""


def told(body):
    return json.dumps(redacted(body))


def test_secret_keeps_its_name_and_nothing_else():
    secret = {
        "kind": "Secret",
        "metadata": {"name": "luna-admin", "namespace": "arkalia", "annotations": {"a": PLANTED}},
        "data": {"password": PLANTED},
        "stringData": {"x": SPOKEN},
    }

    assert redacted(secret) == {
        "kind": "Secret",
        "metadata": {"name": "luna-admin", "namespace": "arkalia"},
    }


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWD", "apiKey", "API_KEY", "ACCESS-KEY", "GITHUB_TOKEN", "clientSecret",
     "PGPASSFILE_PASSPHRASE", "Authorization", "session_key", "SENTRY_DSN", "recoveryKey"],
)  # fmt: skip
@pytest.mark.parametrize("value", [PLANTED, SPOKEN, "x"])
def test_variable_that_is_called_like_a_secret_loses_its_value(name, value):
    container = {"env": [{"name": name, "value": value}]}
    system = {"spec": {"modules": {"helloria": {"env": {name: value}, "config": {name: value}}}}}

    assert redacted({"spec": container})["spec"]["env"] == [{"name": name, "value": GONE}]
    assert redacted(system)["spec"]["modules"]["helloria"] == {
        "env": {name: GONE},
        "config": {name: GONE},
    }


def test_variable_that_holds_what_looks_like_a_secret_loses_its_value():
    body = {"env": [{"name": "UPSTREAM", "value": PLANTED}], "spec": {"env": {"UP": PLANTED}}}

    assert PLANTED not in told(body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARKALIA_LOG_LEVEL", "INFO"),
        ("ARKALIA_PORT", "8000"),
        ("PATH", "/opt/arkalia/bin:/usr/bin"),
        ("MODEL", "llama3.2:latest"),
        ("URL", "http://ollama.models.svc:11434"),
        ("MAX_TOKENS", "4096"),
    ],
)
def test_other_variables_stay(name, value):
    body = {"env": [{"name": name, "value": value}]}

    assert redacted(body) == body


def test_names_of_secrets_stay():
    body = {
        "volumes": [{"secret": {"secretName": "luna-helloria-tls"}}],
        "valueFrom": {"secretKeyRef": {"name": "luna-data", "key": "postgresql.json"}},
        "automountServiceAccountToken": False,
    }

    assert redacted(body) == body


def test_last_applied_object_and_managed_fields_go():
    body = {
        "metadata": {
            "name": "luna",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": f'{{"x": "{SPOKEN}"}}',
                "kept": "yes",
            },
            "managedFields": [{"manager": "kubectl"}],
        }
    }

    assert redacted(body)["metadata"] == {"name": "luna", "annotations": {"kept": "yes"}}


@pytest.mark.parametrize(
    "written",
    [
        f"postgresql://luna:{PLANTED}@db:5432/arkalia",
        f"Authorization: Bearer {PLANTED}",
        f"authorization=Basic {PLANTED}",
        f"password={PLANTED}",
        f"password: {PLANTED}",
        f'{{"password":"{PLANTED}"}}',
        f'{{"message":"{{\\"api_key\\": \\"{PLANTED}\\"}}"}}',
        f"--token={PLANTED} --verbose",
        f"DB_PASSWORD='{PLANTED}'",
        f"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.{PLANTED}",
        f"sk-{PLANTED}",
        f"ghp_{PLANTED}",
        f"-----BEGIN EC PRIVATE KEY-----\n{PLANTED}\n-----END EC PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\ncut off",
    ],
)
def test_secret_in_a_text_goes(written):
    assert PLANTED not in text(f"before {written} after")
    assert text(f"before {written}").startswith("before ")


@pytest.mark.parametrize(
    "written", [f'password: "{SPOKEN}"', f"secret = '{SPOKEN}'", f'{{"token": "{SPOKEN}"}}']
)
def test_secret_of_several_words_goes_as_a_whole(written):
    assert not set(SPOKEN.split()) & set(text(written).replace('"', " ").split())


@pytest.mark.parametrize(
    "written",
    [
        "GET /health/ready 200 in 3 ms",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "-----BEGIN CERTIFICATE-----\nMIIB5TCC\n-----END CERTIFICATE-----",
        "prompt_tokens=55 completion_tokens: 7",
        "http://luna-helloria.arkalia.svc:8000/docs",
        "uid 6aeeb9c8-50d7-439b-8ca0-fe9a71326db0",
    ],
)
def test_other_texts_stay(written):
    assert text(written) == written


@pytest.mark.parametrize("value", [PLANTED, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", f"{PLANTED}=="])
def test_what_a_machine_made_looks_random(value):
    assert looks_random(value)


@pytest.mark.parametrize(
    "value",
    [
        "production",
        "QuickBrownFoxJumpsOverLazyDogs",
        "aaaaaaaaaaaaaaaaaaaaaaaa1",
        "a sentence of several words 1",
        "8000",
    ],
)
def test_words_do_not_look_random(value):
    assert not looks_random(value)
