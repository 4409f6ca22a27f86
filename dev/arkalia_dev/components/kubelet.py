"""kubelet: runs the pods of this node. Most of its settings are in dev/node/kubelet.yaml."""

from arkalia_dev.certificates import NODE_NAME
from arkalia_dev.components import containerd
from arkalia_dev.init import HOME
from arkalia_dev.node_config import NodeConfig, Service, flags


def service(config: NodeConfig) -> Service:
    """The kubelet.

    Its pods' addresses and volumes lie in the node's namespaces, its files in the state folder.
    """
    options = flags(
        config=HOME / "kubelet.yaml",
        kubeconfig=HOME / "kubelet.kubeconfig",
        root_dir=HOME / "kubelet",
        hostname_override=NODE_NAME,
        node_ip=config.subnets.node,
    )
    argv = (config.program("kubelet"), *options)
    return Service("kubelet", argv, containerd.GATE, containerd.service(config).env)
