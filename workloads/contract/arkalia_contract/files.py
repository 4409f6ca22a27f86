"""Files and folders that the operator mounts into every module."""

from typing import Final

SETTINGS_FOLDER: Final = "/etc/arkalia"
SETTINGS_KEY: Final = "settings.toml"
SETTINGS: Final = f"{SETTINGS_FOLDER}/{SETTINGS_KEY}"
"""Optional settings of the module (seed 000), rendered from `spec.modules.<name>.config`."""

SCRATCH_FOLDER: Final = "/tmp"  # noqa: S108 - a private emptyDir of the pod, not the node's /tmp
"""The only writable folder of a container: its root file system is read-only."""
