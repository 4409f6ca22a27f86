"""Environment variables that the operator sets on every module and a service reads.

Never a secret: those are files (see `files`).
"""

from typing import Final

PREFIX: Final = "ARKALIA_"

ENV: Final = "ARKALIA_ENV"
"""The system's `spec.environment`, for example `production`."""
LOG_LEVEL: Final = "ARKALIA_LOG_LEVEL"
"""`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
SYSTEM: Final = "ARKALIA_SYSTEM"
"""Name of the ArkaliaSystem."""
NAMESPACE: Final = "ARKALIA_NAMESPACE"
"""Namespace of the ArkaliaSystem."""
MODULE: Final = "ARKALIA_MODULE"
"""Name of the module."""
VERSION: Final = "ARKALIA_VERSION"
"""Version of the system that the module runs as part of."""
PORT: Final = "ARKALIA_PORT"
"""Port on which the component listens."""
POD: Final = "ARKALIA_POD"
"""Name of the pod, for logs."""
DRAIN_SECONDS: Final = "ARKALIA_DRAIN_SECONDS"
"""How long a stopping service goes on serving while its endpoints are withdrawn."""
TARGET_VERSION: Final = "ARKALIA_TARGET_VERSION"
"""Version of the system to which a migration Job goes back. Set on such a Job alone."""

TRACING_ENDPOINT: Final = "ARKALIA_TRACING_ENDPOINT"
"""Where traces are sent, OTLP over HTTP."""
TRACING_SAMPLING: Final = "ARKALIA_TRACING_SAMPLING"
"""Share of the traces that begin here and are sent, from 0 to 1."""
PROMPTS_POLICY: Final = "ARKALIA_PROMPTS_POLICY"
"""What becomes of a prompt that looks like an attack: `Observe`, `Flag` or `Block`. Set on modules that
need a language model alone."""
PROMPTS_RETENTION_DAYS: Final = "ARKALIA_PROMPTS_RETENTION_DAYS"
"""Days after its last message until a conversation is deleted. Set on modules that need a language
model alone."""
TRUSTED_PROXIES: Final = "ARKALIA_TRUSTED_PROXIES"
"""Address ranges, separated by commas, from which `X-Forwarded-For` is believed. Set on public
modules alone."""
EDGE: Final = "ARKALIA_EDGE"
"""Name that stands for the address of each pod of the edge, from which `X-Forwarded-For` is believed.
Set on the module behind the edge alone."""
SESSION_MINUTES: Final = "ARKALIA_SESSION_MINUTES"
"""Minutes after which a session ends. This and the next are set on the module alone that people log
in to."""
MFA: Final = "ARKALIA_MFA"
"""Whether who logs in with a password needs a second factor: `Optional` or `Required`."""

HTTP_PROXY: Final = "HTTP_PROXY"
"""Proxy for `http://` addresses outside the cluster. This and the next two are also set in lower
case: some clients (curl) read one of them in lower case only."""
HTTPS_PROXY: Final = "HTTPS_PROXY"
"""Proxy for `https://` addresses outside the cluster."""
NO_PROXY: Final = "NO_PROXY"
"""What is asked directly, separated by commas."""
SSL_CERT_FILE: Final = "SSL_CERT_FILE"
"""Whom to trust outside the cluster, as OpenSSL, Go, Rust and httpx call it."""
REQUESTS_CA_BUNDLE: Final = "REQUESTS_CA_BUNDLE"
"""The same, as Python's requests calls it."""

SETTINGS_FILE: Final = "ARKALIA_SETTINGS_FILE"
"""Another path of `settings.toml`, for a service that runs outside a cluster."""

SET_BY_OPERATOR: Final = (
    ENV,
    LOG_LEVEL,
    SYSTEM,
    NAMESPACE,
    MODULE,
    VERSION,
    PORT,
    POD,
    DRAIN_SECONDS,
)
"""Neither `env`, which takes no name with the prefix, nor a `podTemplate` changes these."""

SET_WHEN_ASKED: Final = (
    TRACING_ENDPOINT,
    TRACING_SAMPLING,
    PROMPTS_POLICY,
    PROMPTS_RETENTION_DAYS,
    TRUSTED_PROXIES,
    EDGE,
    SESSION_MINUTES,
    MFA,
)
"""Of those that are set where the spec asks for them: the ones that nobody else may set either."""
