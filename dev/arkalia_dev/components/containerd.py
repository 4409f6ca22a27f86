"""containerd: runs the containers, through Debian's runc (a runc built from its module has no seccomp)."""

from pathlib import Path

from arkalia_dev.init import HOME
from arkalia_dev.node_config import CONTAINERD_SOCKET, NodeConfig, Service

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
GATE = f"unix:{CONTAINERD_SOCKET}"


def service(config: NodeConfig) -> Service:
    """The runtime with dev/node/containerd.toml; it finds its shim on PATH."""
    argv = (config.program("containerd"), "--config", str(HOME / "containerd.toml"))
    path = f"{Path(config.program('ctr')).parent}:{SYSTEM_PATH}"
    return Service("containerd", argv, env={"PATH": path})
