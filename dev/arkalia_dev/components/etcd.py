"""etcd: the cluster's memory. Only the node's own loopback reaches it, so it speaks plain HTTP."""

from arkalia_dev.init import HOME
from arkalia_dev.node_config import NodeConfig, Service, flags

CLIENT = "http://127.0.0.1:2379"
PEER = "http://127.0.0.1:2380"
GATE = "tcp:2379"


def service(config: NodeConfig) -> Service:
    """One member of etcd.

    It does not wait for the disk after each write: a killed process loses nothing by that, a power
    failure may, and a development cluster can be made anew.
    """
    options = flags(
        name="arkalia",
        data_dir=HOME / "etcd",
        listen_client_urls=CLIENT,
        advertise_client_urls=CLIENT,
        listen_peer_urls=PEER,
        initial_advertise_peer_urls=PEER,
        initial_cluster=f"arkalia={PEER}",
        unsafe_no_fsync=True,
        log_level="warn",
    )
    return Service("etcd", (config.program("etcd"), *options))
