"""A schema through any course of versions, failures and deaths of the operator.

The cluster is a model: any part of a plan is left out, as if the API server refused it or the
operator died before it, and Jobs end when they like. The database is one number: the version of its schema.
"""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.desired import rendered
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.planning.observed import JobState, ObjectKey, Observed, RolloutProgress
from arkalia_operator.planning.plan import key_of, plan
from arkalia_operator.planning.schemas import remembered
from builders import a_module, a_record, a_system, an_access, modules_with

VERSIONS = ("0.1.0", "0.2.0", "0.3.0")
ALPHA = a_module(needs={"postgresql": True}, migrations={"forward": ["forward"], "back": ["back"]})
MODULES = replace(
    modules_with(ALPHA), builtin={each: {"alpha": ALPHA} for each in VERSIONS}
)  # fmt: skip
PREPARED, SERVING = JobState(succeeded=True), RolloutProgress(ready=1)
ENDS = st.sampled_from(["", "works", "succeeds", "fails"])
LEFT_OUT = st.frozensets(st.integers(0, 8)) | st.integers(0, 8).map(lambda death: range(death, 20))
TURNS = st.lists(st.tuples(st.sampled_from(VERSIONS), LEFT_OUT, ENDS), min_size=1, max_size=12)


class World:
    """A cluster and its database."""

    def __init__(self):
        self.children = {}
        self.jobs = {}
        self.schema = None
        self.changes = 0
        self.desired = None

    def turn(self, version, left_out=()):
        """One reconcile, of which some actions are *left_out*; gives how many it had."""
        system = a_system(version=version)
        observed = Observed(children=dict(self.children))
        resolution = resolve(system, MODULES)
        usable = [each.module for each in resolution.held.values()]
        resolution = replace(resolution, modules=(*resolution.modules, *usable), held={})
        known = remembered(system, observed)
        desired = rendered(system, resolution, None, known, an_access())
        decided, self.desired = plan(system, desired, observed), desired
        actions = [*decided.applies, *decided.deletes]
        for number, each in enumerate(actions):
            if number in left_out:
                continue
            self.delete(each) if hasattr(each, "uid") else self.apply(each.key, version)
        return len(actions)

    def apply(self, key, version):
        [manifest] = [each for each in self.desired.manifests if key_of(each) == key]
        found = a_record(manifest, a_system(), self.desired)
        self.changes += 1
        fields = {"resource_version": str(self.changes), "uid": f"uid-{self.changes}"}
        if "arkalia.io/data" in manifest["metadata"]["labels"]:
            fields |= {"job": PREPARED} if found.key.kind == "Job" else {"rollout": SERVING}
        elif found.key.kind == "Job":
            self.begin(found.key, manifest)
            said = manifest["metadata"]["annotations"]["arkalia.io/schema"]
            fields |= {"job": JobState(), "schemas": {"alpha": said}}
        if found.key.name == "luna-schemas":
            fields |= {"schemas": manifest["data"]}
        if found.key.kind == "Deployment":
            assert self.schema == version, "pods start with a schema that is not theirs"
        self.children[found.key] = replace(found, **fields)

    def begin(self, key, manifest):
        others = [each for each in self.unfinished() if each != key]
        assert others == [], "two migrations at once"
        [container] = manifest["spec"]["template"]["spec"]["containers"]
        told = {each["name"]: each.get("value") for each in container["env"]}
        self.jobs[key] = (container["command"][0], container["image"][-5:], told)

    def delete(self, action):
        there = self.children.get(action.key)
        if there and action.resource_version in ("", there.resource_version):
            assert not (there.job and there.job.working), "a migration is broken off"
            del self.children[action.key]

    def unfinished(self):
        return [
            key for key, each in self.children.items() if each.job and not each.job.finished
        ]  # fmt: skip

    def go_on(self, end):
        """The Job that there is *end*s."""
        for key in self.unfinished() if end else []:
            if end == "succeeds":
                self.move(*self.jobs[key])
            state = JobState(
                working=end == "works", succeeded=end == "succeeds", failed=end == "fails"
            )
            self.changes += 1
            self.children[key] = replace(
                self.children[key], job=state, resource_version=str(self.changes)
            )

    def move(self, way, image, told):
        if way == "back":
            assert self.schema <= image, "an older image does not know how to go back"
            self.schema = min(self.schema, told["ARKALIA_TARGET_VERSION"])
        else:
            assert self.schema is None or self.schema <= image, "the schema is unknown to the image"
            self.schema = image


@given(TURNS)
def test_schema_follows_the_version_whatever_happens_in_between(turns):
    world = World()
    for version, left_out, end in turns:
        world.turn(version, left_out)
        world.go_on(end)

    for _ in range(12):
        world.go_on("fails")
        for key in [key for key, each in world.children.items() if each.job and each.job.failed]:
            del world.children[key]  # a person who wants another try deletes the failed Job
        world.turn(version)
        world.go_on("succeeds")

    assert world.turn(version) == 0
    assert world.schema == version
    memory = world.children[ObjectKey("ConfigMap", "arkalia", "luna-schemas")]
    assert json.loads(memory.schemas["alpha"])["version"] == version
