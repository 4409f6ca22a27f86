"""`mode: cnpg`: a Cluster of CloudNativePG (https://cloudnative-pg.io), which runs PostgreSQL.

The operator asks for the Cluster, and prepares its database for the modules as it does with any
other. Instances, failover, volumes and certificates are CloudNativePG's.

The superuser's Secret is the operator's own: CloudNativePG reads its keys `username`, which must say
`postgres`, and `password`, of whatever type it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arkalia_contract import labels
from arkalia_operator.api.modules import ResourceRequirements
from arkalia_operator.api.resources import ArkaliaSystem
from arkalia_operator.desired import kinds, names, placement
from arkalia_operator.desired.data import postgresql
from arkalia_operator.desired.data.access import DataAccess, DataService
from arkalia_operator.desired.data.pods import SERVER, labels_of, resources
from arkalia_operator.desired.manifest import Manifest, present
from arkalia_operator.desired.metadata import retained
from arkalia_operator.desired.quantities import canonical_quantity
from arkalia_operator.desired.resolved import Resolution

CLUSTER_LABEL: Final = "cnpg.io/cluster"
"""On every pod of a Cluster: its name."""
INSTANCES: Final = 3
RESOURCES: Final = ResourceRequirements(
    requests={"cpu": "50m", "memory": "256Mi"}, limits={"memory": "1Gi"}
)
"""CloudNativePG refuses a request for less memory than `shared_buffers`, 256MB by default."""
ONLY_TLS: Final = ["hostnossl all all all reject"]
"""CloudNativePG's own rules let connections without TLS in."""


def cluster(system: ArkaliaSystem) -> str:
    """Name of the Cluster."""
    return names.data_service(system.name, DataService.POSTGRESQL)


def host(system: ArkaliaSystem) -> str:
    """Where the instance answers that takes writes."""
    return f"{cluster(system)}-rw.{system.namespace}.svc"


def authority(system: ArkaliaSystem) -> str:
    """The Secret in which CloudNativePG publishes the authority of its certificates."""
    return f"{cluster(system)}-ca"


def manifests(
    system: ArkaliaSystem, resolution: Resolution, access: DataAccess
) -> Iterator[Manifest]:
    """The Cluster. Like a volume it outlives its system where data are retained."""
    own = labels_of(system, DataService.POSTGRESQL, SERVER, resolution.version)
    del own[labels.VERSION]
    own[labels.LINEAGE] = access.lineage
    wanted = system.spec.data.postgresql
    yield retained(
        kinds.CLUSTER,
        cluster(system),
        system,
        own,
        spec={
            "instances": wanted.instances or INSTANCES,
            "enableSuperuserAccess": True,
            "superuserSecret": {"name": cluster(system)},
            "bootstrap": {
                "initdb": {
                    "database": postgresql.DATABASE,
                    "owner": postgresql.DATABASE,
                    "dataChecksums": True,
                }
            },
            "postgresql": {"parameters": postgresql.parameters(system), "pg_hba": ONLY_TLS},
            "storage": {
                "size": canonical_quantity(wanted.volume.size),
                **present(storageClass=wanted.volume.storage_class_name),
            },
            **present(resources=resources(wanted.resources, RESOURCES)),
            **_placement(system),
        },
    )


def _placement(system: ArkaliaSystem) -> Manifest:
    """Where its pods may run, in the fields of a Cluster."""
    wanted = placement.pod_fields(system.spec.placement, None)
    near = wanted.get("affinity", {})
    affinity = present(
        nodeSelector=wanted.get("nodeSelector"),
        tolerations=wanted.get("tolerations"),
        nodeAffinity=near.get("nodeAffinity"),
        additionalPodAffinity=near.get("podAffinity"),
        additionalPodAntiAffinity=near.get("podAntiAffinity"),
    )
    return present(affinity=affinity, priorityClassName=wanted.get("priorityClassName"))
