"""kube-controller-manager: Deployments, endpoints, autoscaling, garbage collection."""

from arkalia_dev.components import kube_apiserver
from arkalia_dev.init import HOME
from arkalia_dev.node_config import PKI, NodeConfig, Service, flags

AUTOSCALING = flags(
    # The defaults (15 s, 5 min, 5 min, 30 s) suit production; a test that waits for them lasts a quarter of an hour.
    horizontal_pod_autoscaler_sync_period="5s",
    horizontal_pod_autoscaler_downscale_stabilization="15s",
    # Longer than a start on a busy machine: within it, what a pod took before it was ready is no load.
    horizontal_pod_autoscaler_cpu_initialization_period="60s",
    horizontal_pod_autoscaler_initial_readiness_delay="5s",
)


def service(config: NodeConfig) -> Service:
    """The controller manager, alone (no leader election) and with room for scale tests."""
    kubeconfig = HOME / "controller-manager.kubeconfig"
    options = flags(
        kubeconfig=kubeconfig,
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address="127.0.0.1",
        cluster_signing_cert_file=PKI / "ca.crt",
        cluster_signing_key_file=PKI / "ca.key",
        root_ca_file=PKI / "ca.crt",
        service_account_private_key_file=PKI / "service-accounts.key",
        use_service_account_credentials=True,
        leader_elect=False,
        kube_api_qps=200,
        kube_api_burst=400,
        profiling=False,
    )
    argv = (config.program("kube-controller-manager"), *options, *AUTOSCALING)
    return Service("kube-controller-manager", argv, kube_apiserver.GATE)
