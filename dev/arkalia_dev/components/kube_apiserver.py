"""kube-apiserver: the one door to the cluster, for the host and for every pod."""

from arkalia_dev.components import etcd
from arkalia_dev.init import HOME
from arkalia_dev.kubeconfigs import PORT
from arkalia_dev.node_config import PKI, NodeConfig, Service, flags

ISSUER = "https://kubernetes.default.svc.cluster.local"
GATE = f"ready:{PORT}"
AUDIT_LOG = HOME / "logs" / "audit.log"


def service(config: NodeConfig) -> Service:
    """The API server.

    Pods reach it at the advertised address, so it listens there and not on loopback alone. The
    kubelet is called by address, because nothing resolves the node's name.
    """
    options = (*_addresses(config), *_identities(), *_aggregation(), *_audit())
    return Service("kube-apiserver", (config.program("kube-apiserver"), *options), etcd.GATE)


def _addresses(config: NodeConfig) -> tuple[str, ...]:
    return flags(
        advertise_address=config.subnets.node,
        bind_address="0.0.0.0",  # noqa: S104 - the node's network namespace, reached by the cable only
        secure_port=PORT,
        service_cluster_ip_range=config.subnets.services,
        etcd_servers=etcd.CLIENT,
        kubelet_preferred_address_types="InternalIP",
        allow_privileged=True,
        profiling=False,
    )


def _identities() -> tuple[str, ...]:
    return flags(
        client_ca_file=PKI / "ca.crt",
        tls_cert_file=PKI / "apiserver.crt",
        tls_private_key_file=PKI / "apiserver.key",
        kubelet_certificate_authority=PKI / "ca.crt",
        kubelet_client_certificate=PKI / "apiserver-kubelet-client.crt",
        kubelet_client_key=PKI / "apiserver-kubelet-client.key",
        service_account_issuer=ISSUER,
        service_account_key_file=PKI / "service-accounts.pub",
        service_account_signing_key_file=PKI / "service-accounts.key",
        authorization_mode=("Node", "RBAC"),
        enable_admission_plugins="NodeRestriction",
    )


def _aggregation() -> tuple[str, ...]:
    """What metrics-server needs to serve metrics.k8s.io behind this API server."""
    return flags(
        enable_aggregator_routing=True,
        proxy_client_cert_file=PKI / "front-proxy-client.crt",
        proxy_client_key_file=PKI / "front-proxy-client.key",
        requestheader_client_ca_file=PKI / "front-proxy-ca.crt",
        requestheader_allowed_names="front-proxy-client",
        requestheader_extra_headers_prefix="X-Remote-Extra-",
        requestheader_group_headers="X-Remote-Group",
        requestheader_username_headers="X-Remote-User",
    )


def _audit() -> tuple[str, ...]:
    """At most 200 MB of audit log, written before the answer: a test reads it right after a write."""
    return flags(
        audit_policy_file=HOME / "audit-policy.yaml",
        audit_log_path=AUDIT_LOG,
        audit_log_maxsize=50,
        audit_log_maxbackup=3,
    )
