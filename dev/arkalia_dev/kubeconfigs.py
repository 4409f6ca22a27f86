"""kubeconfig files: one per component of the node, and one for the person at the terminal.

Written as JSON, which is YAML too.
"""

from pathlib import Path
from typing import Any

from arkalia_dev.certificates import encoded
from arkalia_dev.files import PRIVATE, read_json, write_json
from arkalia_dev.init import HOME
from arkalia_dev.subnets import Subnets

USERS = ("controller-manager", "scheduler", "kube-proxy", "kubelet")
PORT = 6443


def write_component_kubeconfigs(state: Path) -> None:
    """Write one for each component, with the paths that the node sees."""
    for user in USERS:
        pki = HOME / "pki"
        credentials = {
            "client-certificate": str(pki / f"{user}.crt"),
            "client-key": str(pki / f"{user}.key"),
        }
        cluster = {"certificate-authority": str(pki / "ca.crt"), "server": local_server()}
        write_json(state / f"{user}.kubeconfig", _kubeconfig(user, cluster, credentials))


def local_server() -> str:
    """The API server as the node's own components call it."""
    return f"https://127.0.0.1:{PORT}"


def write_admin_kubeconfig(path: Path, pki: Path, subnets: Subnets) -> None:
    """Write the one that `make up` tells the user about, with everything in it."""
    credentials = {
        "client-certificate-data": encoded(pki / "admin.crt"),
        "client-key-data": encoded(pki / "admin.key"),
    }
    cluster = {
        "certificate-authority-data": encoded(pki / "ca.crt"),
        "server": f"https://{subnets.node}:{PORT}",
    }
    wanted = _kubeconfig("arkalia", cluster, credentials)
    if read_json(path) != wanted:
        write_json(path, wanted)
    path.chmod(PRIVATE)


def _kubeconfig(name: str, cluster: dict[str, str], user: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
