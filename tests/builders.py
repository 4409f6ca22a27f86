"""Small worlds for tests of the pure core: a system, modules for it, and a cluster that holds them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from arkalia_operator.api.resources import ArkaliaAction, ArkaliaModule, ArkaliaSystem
from arkalia_operator.desired import Desired, desired_state
from arkalia_operator.desired.data.access import Access, DataAccess, DataService, Endpoint
from arkalia_operator.desired.kinds import BY_NAME, DEPLOYMENT
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.desired.resolved import Resolution
from arkalia_operator.planning.observed import ChildRecord, Observed, RolloutProgress
from arkalia_operator.planning.ownership import fingerprint
from arkalia_operator.planning.plan import is_rolled_out, is_served, key_of
from arkalia_operator.planning.rollouts import noted, rollout_of, text
from arkalia_operator.planning.upgrades import Waves
from arkalia_operator.runtime.upgrades import Upgrades

VERSION = "0.1.0"
REGISTRY = "images.example.com/arkalia"
OPTIONAL = frozenset(kind.name for kind in BY_NAME.values() if kind.optional)


def a_system(name="luna", *, uid="uid-1", generation=1, status=None, **spec):
    """An ArkaliaSystem with *spec* as a user writes it."""
    metadata = {"name": name, "namespace": "arkalia", "uid": uid, "generation": generation}
    return ArkaliaSystem.from_body({"metadata": metadata, "spec": spec, "status": status or {}})


def a_component(name="main", **fields):
    """A component as `module.yaml` writes it; `main` serves on port 8000 unless it says otherwise."""
    return {"name": name} | ({"port": 8000} if name == "main" else {}) | fields


def a_module(name="alpha", **spec):
    """An ArkaliaModule with *spec* as `module.yaml` writes it."""
    whole = {"image": {"repository": name}, "components": [a_component()]} | spec
    return ArkaliaModule.from_body({"metadata": {"name": name}, "spec": whole})


def modules_with(*builtin, foreign=(), broken=None):
    """The modules that a system may have: *builtin* ones of the one known version, and others."""
    return Modules(
        {VERSION: {each.name: each for each in builtin}},
        {each.name: each for each in foreign},
        broken or {},
        Defaults(VERSION, REGISTRY),
    )


def rendered(system=None, *modules):
    """What must exist for *system*, whose built-in modules are *modules*."""
    return desired_state(system or a_system(), modules_with(*(modules or [a_module()])))


def an_access(*services, database="d-1", **fields):
    """What is known of data services, of PostgreSQL alone unless others are named."""
    named = [DataService(each) for each in services or ["postgresql"]]
    ports = {DataService.POSTGRESQL: 5432}
    found = {
        each: Access(
            Endpoint(
                f"luna-{each}.arkalia.svc",
                ports.get(each, 6379),
                "arkalia" if each is DataService.POSTGRESQL else "",
            ),
            "provision-0123456789ab",
            database,
        )
        for each in named
    }
    return DataAccess("uid-1", found, **fields)


def an_upgrade(policy="Hold", operator="0.1.0-0123456789ab", now=None, **waves):
    """What an operator brings along to the systems that it finds."""
    chosen = Waves(share=0.2, soak=timedelta(seconds=60))
    moment = now or datetime(2026, 11, 25, 12, tzinfo=UTC)
    return Upgrades(operator, policy, replace(chosen, **waves), lambda: moment)


def an_action(name="approve", plan="", phase="", created=""):
    """An ArkaliaAction that approves *plan*."""
    spec = {
        "system": "luna",
        "kind": "ApprovePlan",
        "approvedBy": "ada",
        "approvePlan": {"hash": plan or "none"},
    }
    metadata = {"name": name, "namespace": "arkalia", "uid": f"uid-of-{name}"}
    body = {
        "metadata": metadata | ({"creationTimestamp": created} if created else {}),
        "spec": spec,
    }
    return ArkaliaAction.from_body(body | ({"status": {"phase": phase}} if phase else {}))


def only(manifests, kind, name=None):
    """The one manifest of *kind* (and *name*)."""
    [found] = [
        each
        for each in manifests
        if each["kind"] == kind and name in (None, each["metadata"]["name"])
    ]
    return found


def a_record(manifest, system, desired=None, **fields):
    """The record of *manifest* of *desired* as it was applied; a Deployment has all its pods."""
    noted_on = {}
    if is_rolled_out(key_of(manifest)):
        of = desired or Desired(Resolution(VERSION), (manifest,), {})
        made = rollout_of(key_of(manifest), manifest, of, Observed())
        manifest = noted(manifest, made)
        noted_on = {"template": made.made.template, "made": text(made.made)}
    record = ChildRecord(
        key=key_of(manifest),
        uid=f"uid-of-{manifest['kind']}-{manifest['metadata']['name']}",
        resource_version="1",
        generation=1,
        owner_uid=system.uid,
        fingerprint=fingerprint(manifest),
        module=manifest["metadata"]["labels"].get("arkalia.io/module", ""),
        version=version_of(manifest) if manifest["kind"] == DEPLOYMENT.name else "",
        rollout=a_rollout(manifest) if manifest["kind"] == DEPLOYMENT.name else None,
        **noted_on,
    )
    return replace(record, **fields)


def version_of(manifest):
    """Version of the system that *manifest* was rendered for."""
    return manifest["metadata"]["labels"].get("app.kubernetes.io/version", "")


def a_rollout(manifest):
    """A Deployment that has everything that it asks for."""
    wanted = manifest["spec"].get("replicas", 1)
    return RolloutProgress(
        1, wanted, replicas=wanted, updated=wanted, ready=wanted, available=wanted
    )


def an_observed(system, desired, served=OPTIONAL, **fields):
    """A cluster in which everything is as *desired*."""
    bare = Observed(served=served)
    there = [each for each in desired.manifests if is_served(each, bare)]
    children = {key_of(each): a_record(each, system, desired) for each in there}
    return replace(bare, children=children, **fields)
