"""What every pod template has, whoever renders it: restricted, and told from all others."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from arkalia_contract import files, labels
from arkalia_operator.desired.manifest import Manifest
from arkalia_operator.desired.stored import as_stored

POD_SECURITY: Final = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
LAST_WORDS: Final = "FallbackToLogsOnError"
"""A container that fails leaves the end of its log, and the reason in status can quote it."""
SCRATCH: Final = "scratch"
SCRATCH_VOLUME: Final[Manifest] = {"name": SCRATCH, "emptyDir": {"sizeLimit": "64Mi"}}
SCRATCH_MOUNT: Final[Manifest] = {"name": SCRATCH, "mountPath": files.SCRATCH_FOLDER}
REVISION_LENGTH: Final = 16


def revision(pod_template: Manifest) -> str:
    """What tells pods of this template from those of another."""
    found: str = pod_template["metadata"]["annotations"][labels.REVISION]
    return found


def with_revision(merged: Manifest) -> Manifest:
    """A pod template in the form in which it is stored, with what tells its pods from others."""
    stored = as_stored(merged)
    text = json.dumps(stored, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:REVISION_LENGTH]
    annotations = {**stored["metadata"]["annotations"], labels.REVISION: digest}
    return {**stored, "metadata": {**stored["metadata"], "annotations": annotations}}
