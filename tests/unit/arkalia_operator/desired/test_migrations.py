"""Jobs that move schemas, and what waits for them."""

import json
from dataclasses import replace

import pytest

from arkalia_operator.desired import rendered
from arkalia_operator.desired.data.access import DataAccess
from arkalia_operator.desired.migrations import next_step
from arkalia_operator.desired.resolve import Modules, resolve
from arkalia_operator.desired.schemas import (
    Database,
    Remembered,
    Schema,
    read,
    wanted_schema,
    written,
)
from builders import (
    REGISTRY,
    VERSION,
    a_component,
    a_module,
    a_system,
    an_access,
    modules_with,
    only,
)
from pod_security import violations

DATABASE = Database("d-1", "luna-postgresql-1")
ALPHA = a_module(
    needs={"postgresql": True},
    migrations={"forward": ["migrate", "forward"], "back": ["migrate", "back"]},
    components=[a_component(), a_component("worker")],
)
NEWER = a_module(
    needs={"postgresql": True},
    migrations={"forward": ["migrate", "forward"], "back": ["undo"]},
)


def resolved(*modules, newer=NEWER, **spec):
    """The catalogue knows version 0.1.0, and the newer module of 0.2.0."""
    found = modules_with(*(modules or [ALPHA]))
    builtin = {**found.builtin, "0.2.0": {newer.name: newer}}
    available = Modules(builtin, found.foreign, found.broken, found.defaults)
    resolution = resolve(a_system(**spec), available)
    # Whether the need is met is another matter.
    usable = [each.module for each in resolution.held.values() if each.module]
    return replace(resolution, modules=(*resolution.modules, *usable), held={})


def the_wanted(resolution=None, database=DATABASE):
    return wanted_schema((resolution or resolved()).modules[0], database)


def known(version="0.2.0", image=f"{REGISTRY}/alpha:0.2.0", database="d-1", **fields):
    return Remembered({"alpha": Schema(version, image, database, "another")}, **fields)


def desired_with(remembered=None, resolution=None, database=DATABASE, **spec):
    system = a_system(**spec)
    access = an_access(database=database.identity) if database else DataAccess()
    return rendered(system, resolution or resolved(**spec), None, remembered, access)


def the_job(desired):
    [found] = jobs_of(desired)
    return found


def jobs_of(desired):
    moving = (
        each for each in desired.manifests if "arkalia.io/module" in each["metadata"]["labels"]
    )
    return [each for each in moving if each["kind"] == "Job"]


def order_of(desired):
    """What waits for the Jobs that move schemas, and what these wait for."""
    found = {
        which: tuple(each for each in before if which[0] == "Job" or "migrate" in each[1])
        for which, before in desired.after.items()
    }
    return {which: each for which, each in found.items() if each and each[0][0] == "Job"}


def provisioned(desired):
    """The Job that makes roles and schemas."""
    [found] = [
        each["metadata"]["name"]
        for each in desired.manifests
        if each["kind"] == "Job" and each["metadata"]["labels"].get("arkalia.io/data")
    ]
    return "Job", found


def container_of(job):
    [found] = job["spec"]["template"]["spec"]["containers"]
    return found


def told(job):
    return {each["name"]: each.get("value") for each in container_of(job)["env"]}


def names_of(desired):
    return {each["metadata"]["name"] for each in desired.manifests}


def test_new_schema_is_made_before_any_pod_of_its_module():
    found = desired_with()

    job = ("Job", the_job(found)["metadata"]["name"])
    first = provisioned(found)
    assert found.after == {
        first: (("StatefulSet", "luna-postgresql"),),
        ("Deployment", "luna-alpha"): (first, job),
        ("Deployment", "luna-alpha-worker"): (first, job),
        job: (first,),
    }
    assert found.alone == {job: "alpha"}


def test_forward_runs_in_the_wanted_image():
    found = the_job(desired_with())

    assert container_of(found)["image"] == f"{REGISTRY}/alpha:{VERSION}"
    assert container_of(found)["command"] == ["migrate", "forward"]
    assert told(found)["ARKALIA_VERSION"] == VERSION
    assert "ARKALIA_TARGET_VERSION" not in told(found)
    assert "ARKALIA_PORT" not in told(found)


def test_older_schema_moves_forward():
    step = next_step(resolved().modules[0], resolved(), known("0.0.9").schemas["alpha"], DATABASE)

    assert (step.command, step.target) == (("migrate", "forward"), None)


def test_newer_schema_moves_back_in_the_image_that_made_it():
    found = the_job(desired_with(known()))

    assert container_of(found)["image"] == f"{REGISTRY}/alpha:0.2.0"
    assert container_of(found)["command"] == ["undo"]
    assert told(found)["ARKALIA_VERSION"] == "0.2.0"
    assert told(found)["ARKALIA_TARGET_VERSION"] == VERSION


def test_newer_schema_of_an_unknown_version_moves_back_by_the_command_that_is_known():
    found = the_job(desired_with(known("7.0.0", f"{REGISTRY}/alpha@sha256:12")))

    assert container_of(found)["image"] == f"{REGISTRY}/alpha@sha256:12"
    assert container_of(found)["command"] == ["migrate", "back"]


@pytest.mark.parametrize(
    "image", ["evil.example.com/alpha:0.2.0", f"{REGISTRY}/alpha-evil:0.2.0", "alpha:0.2.0", ""]
)
def test_image_of_another_repository_never_runs_with_the_password(image):
    found = the_job(desired_with(known(image=image)))

    assert container_of(found)["image"] == f"{REGISTRY}/alpha:0.2.0"


def test_port_of_a_registry_is_no_tag():
    images = {"registry": "registry:5000/arkalia"}

    found = the_job(desired_with(known(image="registry:5000/arkalia/alpha:0.2.0"), images=images))

    assert container_of(found)["image"] == "registry:5000/arkalia/alpha:0.2.0"


def test_schema_of_another_database_is_made_from_the_beginning():
    found = the_job(desired_with(known(database="d-0")))

    assert container_of(found)["command"] == ["migrate", "forward"]


def test_schema_that_is_as_wanted_moves_nowhere_and_nothing_waits():
    found = desired_with(Remembered({"alpha": the_wanted()}))

    assert jobs_of(found) == []
    assert (order_of(found), found.alone) == ({}, {})


def test_module_without_migrations_has_no_job():
    found = desired_with(resolution=resolved(a_module(needs={"postgresql": True})))

    assert jobs_of(found) == []
    assert order_of(found) == {}


def test_pods_wait_for_nothing_but_the_database_while_it_is_not_known():
    """Which Job moves the schema is not known either: a name of it would never exist."""
    found = desired_with(database=None)

    assert jobs_of(found) == []
    first = ("Job", "luna-postgresql-provisioning")
    assert found.after == {
        ("Deployment", "luna-alpha"): (first,),
        ("Deployment", "luna-alpha-worker"): (first,),
    }


def test_job_says_what_the_schema_is_once_it_has_succeeded():
    job = the_job(desired_with(known()))

    assert read(job["metadata"]["annotations"]["arkalia.io/schema"]) == the_wanted()


@pytest.mark.parametrize(
    "spec",
    [
        {"modules": {"alpha": {"resources": {"limits": {"memory": "1Gi"}}}}},
        {"modules": {"alpha": {"env": {"LOCK_SECONDS": "60"}}}},
        {"placement": {"nodeSelector": {"disk": "fast"}}},
    ],
    ids=["resources", "env", "placement"],
)
def test_change_that_may_help_a_failed_migration_makes_a_new_job(spec):
    changed = the_job(desired_with(resolution=resolved(**spec), **spec))

    assert changed["metadata"]["name"] != the_job(desired_with())["metadata"]["name"]


def test_job_keeps_its_name_while_nothing_changes():
    assert the_job(desired_with()) == the_job(desired_with())


def test_job_passes_the_level_restricted_and_has_no_right_in_the_cluster():
    template = the_job(desired_with())["spec"]["template"]

    assert violations(template) == []
    assert template["spec"]["automountServiceAccountToken"] is False
    assert template["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_failed_migration_tries_again_in_a_new_pod_and_leaves_its_words():
    job = the_job(desired_with())["spec"]

    assert job["backoffLimit"] == 2
    assert job["podReplacementPolicy"] == "Failed"
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    [container] = job["template"]["spec"]["containers"]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_job_reads_settings_trust_and_its_own_access_and_nothing_else():
    pod = the_job(desired_with())["spec"]["template"]["spec"]

    [folder] = [each["projected"] for each in pod["volumes"] if "projected" in each]
    assert [next(iter(each.values()))["name"] for each in folder["sources"]] == [
        "luna-alpha", "luna-trust", "luna-alpha-migrations",
    ]  # fmt: skip
    paths = {
        item["path"] for each in folder["sources"] for item in next(iter(each.values()))["items"]
    }
    assert paths == {"settings.toml", "trust/ca.crt", "data/postgresql.json"}


def test_pods_of_a_migration_are_no_pods_of_the_module():
    labels = the_job(desired_with())["spec"]["template"]["metadata"]["labels"]

    assert labels["arkalia.io/migration"] == "alpha"
    assert labels["app.kubernetes.io/managed-by"] == "arkalia-operator"
    assert "arkalia.io/module" not in labels


def test_pull_secrets_reach_the_job():
    spec = {"images": {"pullSecrets": ["registry"]}}

    pod = the_job(desired_with(resolution=resolved(**spec), **spec))["spec"]["template"]["spec"]

    assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_nobody_calls_a_migration():
    policy = only(desired_with().manifests, "NetworkPolicy", "luna-migrating")

    assert policy["spec"]["podSelector"]["matchExpressions"] == [
        {"key": "arkalia.io/migration", "operator": "Exists"}
    ]
    assert "Ingress" in policy["spec"]["policyTypes"]
    assert "ingress" not in policy["spec"]


def test_migration_reaches_names_and_the_database_and_nothing_else():
    policy = only(desired_with().manifests, "NetworkPolicy", "luna-migrating")

    assert [rule["ports"][0]["port"] for rule in policy["spec"]["egress"]] == [53, 5432]
    [server] = policy["spec"]["egress"][1]["to"]
    assert server["podSelector"]["matchLabels"]["arkalia.io/data"] == "postgresql"


def test_system_without_migrations_or_policies_has_no_policy_for_them():
    off = {"security": {"networkPolicies": {"enabled": False}}}

    assert "luna-migrating" not in names_of(desired_with(resolution=resolved(a_module())))
    assert "luna-migrating" not in names_of(desired_with(resolution=resolved(**off), **off))


def test_what_is_known_is_written_down_for_modules_that_are_off_too():
    schema = Schema("0.1.0", "image", "d-1", "digest")
    remembered = Remembered({"gone": schema, "alpha": the_wanted()})

    memory = only(desired_with(remembered).manifests, "ConfigMap", "luna-schemas")

    assert list(memory["data"]) == ["alpha", "gone"]
    assert json.loads(memory["data"]["gone"]) == json.loads(written(schema))


@pytest.mark.parametrize(("policy", "owned"), [("Retain", False), ("Delete", True)])
def test_what_is_known_outlives_the_system_like_its_data(policy, owned):
    spec = {"deletionPolicy": policy}

    found = desired_with(known(), resolution=resolved(**spec), **spec)

    memory = only(found.manifests, "ConfigMap", "luna-schemas")["metadata"]
    assert memory["labels"]["arkalia.io/lineage"] == "uid-1"
    assert ("ownerReferences" in memory) is owned


def test_everything_stays_while_the_database_is_not_known():
    remembered = known(jobs={"alpha": "job-1"}, working=frozenset({"job-2"}))

    found = desired_with(remembered, database=None)

    assert {"luna-schemas", "luna-migrating", "job-1", "job-2"} <= found.kept
    assert "luna-schemas" not in names_of(found)


def test_nothing_is_written_while_nothing_is_known():
    found = desired_with()

    assert "luna-schemas" not in names_of(found)
    assert "luna-schemas" in found.kept


@pytest.mark.parametrize(
    ("remembered", "stays"),
    [
        pytest.param({"schemas": "wanted", "saved": True}, True, id="nothing else is needed"),
        pytest.param({"schemas": "other", "saved": True}, False, id="another one is needed"),
        pytest.param({"schemas": "other", "saved": False}, True, id="not written down yet"),
    ],
)
def test_job_that_succeeded_stays_until_another_one_is_needed(remembered, stays):
    schema = the_wanted() if remembered["schemas"] == "wanted" else known().schemas["alpha"]

    found = desired_with(
        Remembered({"alpha": schema}, {"alpha": "job-1"}, saved=remembered["saved"])
    )

    assert ("job-1" in found.kept) is stays


def test_job_of_a_module_that_is_off_goes():
    found = desired_with(Remembered({"gone": the_wanted()}, {"gone": "job-1"}, saved=True))

    assert "job-1" not in found.kept


def test_system_that_is_held_moves_nothing_and_forgets_nothing():
    found = desired_with(known(), resolution=resolved(version="9.9.9"))

    assert found.manifests == ()
    assert "luna-schemas" in found.kept


def test_migration_that_has_begun_is_not_broken_off():
    found = desired_with(known(working=frozenset({"job-1"})))

    assert "job-1" in found.kept


def test_schema_stays_where_an_external_database_gets_another_password():
    spec = {"data": {"postgresql": {"mode": "external", "secret": {"name": "mine"}}}}
    first = desired_with(resolution=resolved(**spec), **spec)

    changed = desired_with(resolution=resolved(**spec), database=Database("d-2", ""), **spec)

    assert the_job(changed)["metadata"] == the_job(first)["metadata"]


def test_schema_is_made_anew_on_a_new_volume():
    changed = desired_with(database=Database("d-2", ""))

    assert the_job(changed)["metadata"] != the_job(desired_with())["metadata"]
