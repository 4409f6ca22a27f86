"""kube-scheduler: places pods on the one node, and says why when one does not fit."""

from arkalia_dev.components import kube_apiserver
from arkalia_dev.init import HOME
from arkalia_dev.node_config import NodeConfig, Service, flags


def service(config: NodeConfig) -> Service:
    """The scheduler, alone (no leader election) and with room for scale tests."""
    kubeconfig = HOME / "scheduler.kubeconfig"
    options = flags(
        kubeconfig=kubeconfig,
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address="127.0.0.1",
        leader_elect=False,
        kube_api_qps=200,
        kube_api_burst=400,
        profiling=False,
    )
    argv = (config.program("kube-scheduler"), *options)
    return Service("kube-scheduler", argv, kube_apiserver.GATE)
