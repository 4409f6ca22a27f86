"""kube-proxy: makes Service addresses work, with iptables rules in the node's network namespace."""

from arkalia_dev.certificates import NODE_NAME
from arkalia_dev.components import containerd, kube_apiserver
from arkalia_dev.init import HOME
from arkalia_dev.node_config import NodeConfig, Service, flags


def service(config: NodeConfig) -> Service:
    """kube-proxy; it leaves the connection table's size alone, which belongs to the whole machine."""
    options = flags(
        kubeconfig=HOME / "kube-proxy.kubeconfig",
        hostname_override=NODE_NAME,
        proxy_mode="iptables",
        cluster_cidr=config.subnets.pods,
        conntrack_max_per_core=0,
        conntrack_tcp_timeout_established="0s",
        conntrack_tcp_timeout_close_wait="0s",
    )
    argv = (config.program("kube-proxy"), *options)
    return Service("kube-proxy", argv, kube_apiserver.GATE, containerd.service(config).env)
