"""One namespace in memory: what is applied is held, with the record of who owns which field.

It knows as much of server-side apply as decisions rely on, and none of the operator's own reading
of it. `tests/cluster/test_canonical_form.py` holds it against a real API server; requests, watches
and faults are the business of `model_api_server`.
"""

import copy
import json

from arkalia_operator.desired.kinds import BY_NAME
from arkalia_operator.planning.kept_templates import with_kept_template
from arkalia_operator.planning.observed import Accepted, Observed
from arkalia_operator.planning.ownership import FIELD_MANAGER
from arkalia_operator.planning.plan import key_of
from arkalia_operator.planning.records import child_record

LIST_KEYS = {
    "containers": {"name": None},
    "initContainers": {"name": None},
    "volumes": {"name": None},
    "env": {"name": None},
    "volumeMounts": {"mountPath": None},
    "imagePullSecrets": {"name": None},
    "hostAliases": {"ip": None},
    "groups": {"name": None},
    "ownerReferences": {"uid": None},
    "containerPorts": {"containerPort": None, "protocol": "TCP"},
    "servicePorts": {"port": None, "protocol": "TCP"},
    "topologySpreadConstraints": {"topologyKey": None, "whenUnsatisfiable": None},
}
"""Lists that are merged by key (with its default); the others have one owner for the whole."""
ATOMIC = {
    "selector", "podSelector", "labelSelector", "nodeSelector", "nodeSelectorTerms", "fieldRef",
    "resourceFieldRef", "secretKeyRef", "preference",
}  # fmt: skip
"""Objects that have one owner for the whole."""
ATOMIC_ITEMS = {"ownerReferences", "imagePullSecrets"}
AT_ONCE = {
    "Job": {"conditions": [{"type": "Complete", "status": "True"}]},
    "StatefulSet": {"readyReplicas": 1},
}
"""The status of what others wait for: pods run, and do their work, as soon as they are asked for."""


def fields_v1(value, name=""):
    """Who applies *value*, which stands in the field *name*, owns these fields of it."""
    if isinstance(value, dict) and value and name not in ATOMIC:
        return {f"f:{key}": fields_v1(each, key) for key, each in value.items()}
    keys = _list_keys(value, name)
    if keys:
        return {_item_name(each, keys): _item(each, name) for each in value}
    return {}


def _list_keys(value, name):
    if not isinstance(value, list) or not value:
        return None
    if name == "ports":
        name = "containerPorts" if "containerPort" in value[0] else "servicePorts"
    return LIST_KEYS.get(name)


def _item(item, name):
    return {} if name in ATOMIC_ITEMS else {".": {}} | fields_v1(item)


def _item_name(item, keys):
    values = {key: item.get(key, default) for key, default in keys.items()}
    return "k:" + json.dumps(values, separators=(",", ":"))


def managed(manifest, manager=FIELD_MANAGER):
    """The live object right after *manager* applied *manifest*, and nobody else anything."""
    live = copy.deepcopy(manifest)
    body = {key: value for key, value in live.items() if key not in ("apiVersion", "kind")}
    metadata = body.pop("metadata", {})
    told = {key: metadata[key] for key in metadata if key not in ("name", "namespace")}
    body |= {"metadata": told} if told else {}
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields_v1(body)}
    live.setdefault("metadata", {})["managedFields"] = [entry]
    return live


class AppliedObjects:
    """The objects of one namespace."""

    def __init__(self):
        self.objects = {}
        self.accepted = {}
        self.writes = 0

    def carry_out(self, plan):
        """Do all that *plan* says."""
        for each in plan.applies:
            self._apply(each)
        for each in plan.deletes:
            assert self.objects[each.key]["metadata"]["uid"] == each.uid
            del self.objects[each.key]
            self.accepted.pop(each.key, None)

    def observed(self, served=frozenset()):
        """What an operator with warm caches sees."""
        children = {
            key: child_record(BY_NAME[key.kind], live) for key, live in self.objects.items()
        }
        return Observed(children, served=served, accepted=dict(self.accepted))

    def scale(self, key, replicas):
        """What an autoscaler does: it takes `replicas` over."""
        live = self.objects[key]
        live["spec"]["replicas"] = replicas
        live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].pop("f:replicas", None)

    def state(self):
        """Every object as it was applied last, without what the API server adds."""
        return {key: _without_records(live) for key, live in self.objects.items()}

    def _apply(self, action):
        key = key_of(action.manifest)
        before = self.objects.get(key)
        assert action.creates is (before is None)
        self.writes += 1
        manifest = action.manifest
        if action.keeps:
            manifest = with_kept_template(manifest, before, action.keeps)
        live = managed(manifest)
        uid = before["metadata"]["uid"] if before else f"uid-{self.writes}"
        live["metadata"] |= {"uid": uid, "resourceVersion": str(self.writes), "generation": 1}
        if key.kind == "Deployment" and "replicas" not in action.manifest["spec"]:
            live["spec"]["replicas"] = _replicas_of_others(before)
        live |= {"status": AT_ONCE[key.kind]} if key.kind in AT_ONCE else {}
        self.objects[key] = live
        record = child_record(BY_NAME[key.kind], live)
        self.accepted[key] = Accepted(action.digest, record.fingerprint, 1)


def _replicas_of_others(before):
    """A field that is left out and that nobody else owns falls back to its default."""
    if (
        before is None
        or "f:replicas" in before["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    ):
        return 1
    return before["spec"]["replicas"]


def _without_records(live):
    added = ("managedFields", "uid", "resourceVersion", "generation")
    metadata = {key: value for key, value in live["metadata"].items() if key not in added}
    return {**live, "metadata": metadata}
