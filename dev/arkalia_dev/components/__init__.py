"""The components of the node, in the order in which they start: one file each, with its command line."""

from arkalia_dev.components import (
    containerd,
    controller_manager,
    etcd,
    kube_apiserver,
    kube_proxy,
    kubelet,
    scheduler,
)
from arkalia_dev.node_config import NodeConfig, Service

ORDER = (
    etcd,
    containerd,
    kube_apiserver,
    controller_manager,
    scheduler,
    kubelet,
    kube_proxy,
)


def services(config: NodeConfig) -> tuple[Service, ...]:
    """Every component of the node that *config* describes."""
    return tuple(component.service(config) for component in ORDER)
