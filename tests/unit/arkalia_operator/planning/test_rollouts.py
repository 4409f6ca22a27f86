"""Why pods are replaced, and whether they may be now."""

import copy
from dataclasses import replace

import pytest

from applied_objects import AppliedObjects
from arkalia_contract import labels
from arkalia_operator.desired.kinds import DEPLOYMENT
from arkalia_operator.planning.observed import Accepted, ObjectKey, Observed, RolloutGate
from arkalia_operator.planning.plan import plan, rollouts
from arkalia_operator.planning.records import child_record
from arkalia_operator.planning.rollouts import Made, read, text, told
from builders import a_module, a_system, an_observed, rendered

POD = ObjectKey("Deployment", "arkalia", "luna-alpha")
CLOSED = RolloutGate(upgrades=False)
HOLD = RolloutGate(rollouts=False)


class World:
    """A system in a namespace, and operators that come and go."""

    def __init__(self):
        self.server = AppliedObjects()

    def operate(self, gate=CLOSED, renders=None, **spec):
        """Converge with *spec*; *renders* is another operator's change of every pod template."""
        system = a_system(**spec)
        desired = rendered(system, a_module())
        if renders:
            for each in desired.manifests:
                if each["kind"] == "Deployment":
                    each["spec"]["template"] = otherwise(each["spec"]["template"], renders)
        observed = replace(self.server.observed(), gate=gate)
        self.server.carry_out(plan(system, desired, observed))
        again = replace(self.server.observed(), gate=gate)
        assert plan(system, desired, again).applies == ()
        return rollouts(desired, again)[POD]

    @property
    def live(self):
        return self.server.objects[POD]

    @property
    def template(self):
        return self.live["spec"]["template"]

    def told(self):
        return told(child_record(DEPLOYMENT, self.live))


def otherwise(template, word):
    annotations = {**template["metadata"]["annotations"], labels.REVISION: word}
    return {**template, "metadata": {**template["metadata"], "annotations": annotations}}


@pytest.fixture
def world():
    found = World()
    found.operate()
    return found


def test_first_pods_are_told_to_be_created(world):
    assert world.told()[1] == "created"


def test_changed_field_is_the_reason_of_the_new_pods(world):
    world.operate(modules={"alpha": {"env": {"A": "b"}}})

    assert world.told() == (
        world.template["metadata"]["annotations"][labels.REVISION],
        "spec.modules.alpha.env",
    )


def test_all_changed_fields_are_the_reason_and_a_long_list_is_cut(world):
    settings = {
        "env": {"A": "b"},
        "config": {"a": 1},
        "podTemplate": {"metadata": {"labels": {"x": "y"}}},
    }
    world.operate(environment="staging", logLevel="DEBUG", modules={"alpha": settings})

    assert world.told()[1] == (
        "spec.environment, spec.logLevel, spec.modules.alpha.config, spec.modules.alpha.env, and 1 more"
    )


def test_reason_stays_while_the_pods_do(world):
    world.operate(environment="staging")
    world.operate(environment="staging", deletionPolicy="Delete")

    assert world.told()[1] == "spec.environment"


def test_template_that_only_another_operator_renders_is_held(world):
    before = world.template

    found = world.operate(renders="other")

    assert found.waits_for_upgrade
    assert world.template == before
    assert world.told()[1] == "created"


def test_held_template_is_replaced_once_it_may_be(world):
    world.operate(renders="other")

    found = world.operate(RolloutGate(), renders="other")

    assert not found.is_held
    assert world.told() == ("other", "operator upgrade")


def test_change_of_a_module_takes_the_new_template_along(world):
    found = world.operate(renders="other", modules={"alpha": {"env": {"A": "b"}}})

    assert not found.is_held
    assert world.told() == ("other", "spec.modules.alpha.env")


def test_held_rollouts_keep_the_pods_although_the_spec_changed(world):
    before = world.template

    found = world.operate(HOLD, environment="staging")

    assert found.held == ("spec.environment",)
    assert not found.waits_for_upgrade
    assert world.template == before


def test_change_that_was_held_is_the_reason_once_it_is_let_in(world):
    world.operate(HOLD, environment="staging")

    world.operate(environment="staging")

    assert world.told()[1] == "spec.environment"


def test_held_rollouts_do_not_keep_what_is_beside_the_template(world):
    world.operate(HOLD, environment="staging", modules={"alpha": {"replicas": 3}})

    assert world.live["spec"]["replicas"] == 3


def test_missing_object_is_made_with_the_new_template_whatever_is_held(world):
    del world.server.objects[POD]

    world.operate(HOLD, environment="staging")

    assert world.told()[1] == "created"


def drift(world):
    """Somebody changes the image by hand, and so takes the field over."""
    world.template["spec"]["containers"][0]["image"] = "somebody/else"
    owned = world.live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:template"]
    [container] = [
        each for name, each in owned["f:spec"]["f:containers"].items() if name.startswith("k:")
    ]
    del container["f:image"]


def test_change_of_pods_by_somebody_else_is_repaired_and_told(world):
    before = world.template["spec"]["containers"][0]["image"]
    drift(world)

    world.operate()

    assert world.template["spec"]["containers"][0]["image"] == before
    assert world.told()[1] == "repair of a change by somebody else"


def test_what_is_told_of_a_repair_stays(world):
    drift(world)
    world.operate()

    world.operate()

    assert world.told()[1] == "repair of a change by somebody else"


def test_held_template_is_repaired_too(world):
    before = copy.deepcopy(world.template)
    drift(world)

    found = world.operate(renders="other")

    assert found.waits_for_upgrade
    assert world.template == before


def test_form_that_the_api_server_gave_a_template_is_no_change_by_somebody_else():
    system = a_system()
    desired = rendered(system, a_module())
    observed = an_observed(system, desired)
    normalised = replace(observed.children[POD], template="0" * 32, fingerprint=b"held")
    children = {**observed.children, POD: normalised}
    accepted = {POD: Accepted(sent=observed.children[POD].fingerprint, held=b"held")}

    found = plan(system, desired, replace(observed, children=children, accepted=accepted))

    assert found.applies == ()


def test_restart_by_kubectl_is_told_until_the_next_rollout(world):
    time = "2026-11-25T12:00:00Z"
    world.template["metadata"]["annotations"][labels.RESTARTED_AT] = time

    assert world.told()[1] == f"kubectl rollout restart at {time}"
    world.operate(environment="staging")
    world.template["metadata"]["annotations"][labels.RESTARTED_AT] = time
    assert world.told()[1] == "spec.environment"


def test_restart_by_kubectl_causes_no_write(world):
    world.template["metadata"]["annotations"][labels.RESTARTED_AT] = "2026-11-25T12:00:00Z"
    writes = world.server.writes

    world.operate()

    assert world.server.writes == writes


class TestOfAnOperatorThatNotedNothing:
    """Systems of release 0.1.0 have no notes on their objects."""

    @pytest.fixture
    def old(self, world):
        record = child_record(DEPLOYMENT, world.live)
        bare = {"metadata": {**world.live["metadata"], "annotations": {}}}
        world.server.objects[POD] = {**world.live, **bare}
        owned = world.live["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]
        owned.pop("f:annotations")
        assert child_record(DEPLOYMENT, world.live).template == record.template
        return world

    def test_note_is_written_and_no_pod_replaced(self, old):
        before, writes = old.template, old.server.writes

        old.operate()

        assert (old.template, old.server.writes) == (before, writes + 1)
        assert old.told() == (before["metadata"]["annotations"][labels.REVISION], "")

    def test_other_template_is_held_and_noted(self, old):
        before = old.template

        found = old.operate(renders="other")

        assert found.waits_for_upgrade
        assert old.template == before

    def test_other_template_is_sent_where_it_may_be(self, old):
        old.operate(RolloutGate(), renders="other")

        assert old.told() == ("other", "operator upgrade")

    def test_changed_spec_is_carried_out(self, old):
        old.operate(RolloutGate(upgrades=False, new_spec=True), environment="staging")

        assert old.told()[1] == "a change of the spec"

    def test_changed_spec_is_carried_out_although_the_first_try_was_refused(self, old):
        changed = frozenset({str(POD)})

        old.operate(RolloutGate(upgrades=False, changed=changed), environment="staging")

        assert old.told()[1] == "a change of the spec"

    def test_changed_spec_that_was_held_at_the_first_note_is_no_upgrade(self, old):
        before = old.template

        held = old.operate(replace(HOLD, upgrades=False, new_spec=True), environment="staging")
        still = old.operate(replace(HOLD, upgrades=False), environment="staging")

        assert old.template == before
        assert held.held == still.held == ("a change of the spec",)
        assert not old.operate(CLOSED, environment="staging").is_held
        assert old.told()[1] == "a change of the spec"

    def test_change_that_follows_one_that_was_held_at_the_first_note_is_told_beside_it(self, old):
        old.operate(replace(HOLD, new_spec=True), environment="staging")

        held = old.operate(HOLD, environment="staging", logLevel="DEBUG")

        assert held.held == ("a change of the spec", "spec.logLevel")

    def test_changed_spec_that_was_taken_back_leaves_nothing_to_be_let_in(self, old):
        old.operate(replace(HOLD, new_spec=True), environment="staging")
        old.operate(HOLD)

        found = old.operate(renders="other")

        assert found.waits_for_upgrade


def test_note_can_be_read_again():
    made = Made("digest", "revision", "reason", {"spec.environment": "1"}, "2026-11-25T12:00:00Z")

    assert read(text(made)) == made


@pytest.mark.parametrize("noted", ["", "{", "[]", "{}", '{"template":"a","inputs":[]}', "null"])
def test_note_that_cannot_be_read_is_none(noted):
    assert read(noted) is None


def test_nothing_is_told_of_an_object_without_a_note():
    desired = rendered()
    record = an_observed(a_system(), desired).children[POD]

    assert told(replace(record, made="")) == ("", "")


def test_object_of_somebody_else_is_not_kept():
    desired = rendered()

    assert not any(each.is_held for each in rollouts(desired, Observed(gate=HOLD)).values())
