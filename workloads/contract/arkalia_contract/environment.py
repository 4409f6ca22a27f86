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
