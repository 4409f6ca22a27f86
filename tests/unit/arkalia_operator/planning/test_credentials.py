"""Passwords are made once, kept, and followed without a moment in which none is good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.desired.data.access import DataService, Endpoint
from arkalia_operator.desired.data.accounts import Login
from arkalia_operator.desired.data.needs import WantedSecret
from arkalia_operator.planning.credentials import (
    AdminSecret,
    Given,
    HandOver,
    ModuleSecret,
    Moment,
    ServiceView,
    Slot,
    WriteAdmin,
    next_look,
    pending,
    steps,
    taken,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPREAD = 120.0
QUEUE, POSTGRESQL = DataService.QUEUE, DataService.POSTGRESQL
ENDPOINT = Endpoint("luna-redis-queue.arkalia.svc", 6379)
WANTED = WantedSecret("luna-alpha-data", "alpha", {QUEUE: "alpha"})


def a_login(slot=1, revision=1, name="a"):
    return Login(slot, revision, f"{name}-{slot}-{revision}", "verifier")


FIRST, SECOND = a_login(1, 1), a_login(2, 2)


def an_admin(*logins, **fields):
    found = AdminSecret(
        name="luna-redis-queue",
        resource_version="1",
        owner_uid="",
        lineage="uid-1",
        is_ours=True,
        accounts={"alpha": logins} if logins else {},
        provision="provision-1",
        complete=True,
    )
    return replace(found, **fields)


def a_view(secret=None, **fields):
    found = ServiceView(
        service=QUEUE,
        endpoint=ENDPOINT,
        wanted=frozenset({"alpha"}),
        revision=1,
        secret=secret,
        provision="provision-1",
        provisioned=True,
        owned=False,
        lineage="uid-1",
    )
    return replace(found, **fields)


def holding(login, written=NOW, **fields):
    given = {QUEUE: Given(login.id, ENDPOINT.digest)}
    found = ModuleSecret("luna-alpha-data", "1", is_ours=True, given=given, written_at=written)
    return {found.name: replace(found, **fields)}


def decided(view, modules=None, now=NOW, wanted=(WANTED,)):
    return steps({view.service: view}, wanted, modules or {}, Moment(now, SPREAD))


def logins_of(view, modules=None, now=NOW):
    [step] = decided(view, modules, now)
    assert isinstance(step, WriteAdmin)
    return step.logins["alpha"]


def test_first_password_is_made_when_there_is_none():
    assert decided(a_view()) == (WriteAdmin(QUEUE, None, {"alpha": (Slot(1, 1),)}),)


def test_nothing_is_to_do_once_the_module_holds_its_password():
    assert decided(a_view(an_admin(FIRST)), holding(FIRST)) == ()


def test_module_gets_its_password_once_it_is_provisioned():
    secret = an_admin(FIRST)

    assert decided(a_view(secret)) == (HandOver(WANTED, None, {QUEUE: FIRST}),)
    assert decided(a_view(secret, provisioned=False)) == ()


def test_module_waits_for_all_that_it_needs():
    wanted = replace(WANTED, accounts={QUEUE: "alpha", POSTGRESQL: "alpha"})

    assert decided(a_view(an_admin(FIRST)), wanted=(wanted,)) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"given": {}},
        {"given": {QUEUE: Given("another", ENDPOINT.digest)}},
        {"given": {QUEUE: Given(FIRST.id, "another")}},
    ],
)
def test_module_that_holds_something_else_is_given_its_own_again(fields):
    modules = holding(FIRST, **fields)

    [step] = decided(a_view(an_admin(FIRST)), modules)

    assert step == HandOver(WANTED, modules[WANTED.name], {QUEUE: FIRST})


def test_secret_of_somebody_else_is_left_alone():
    modules = holding(FIRST, given={}, is_ours=False)

    assert decided(a_view(an_admin(FIRST)), modules) == ()
    [failure] = taken("arkalia", (WANTED,), modules)
    assert (str(failure.key), failure.permanent) == ("Secret luna-alpha-data", True)
    assert taken("arkalia", (WANTED,), holding(FIRST)) == ()


def test_secret_of_a_deleted_system_of_the_name_is_waited_for():
    modules = holding(FIRST, given={}, is_ours=False, is_leaving=True)

    assert decided(a_view(an_admin(FIRST)), modules) == ()
    [failure] = taken("arkalia", (WANTED,), modules)
    assert (failure.permanent, "goes with it" in failure.message) == (False, True)


def test_higher_revision_adds_a_password_in_the_free_place():
    view = a_view(an_admin(FIRST), revision=2)

    assert logins_of(view, holding(FIRST)) == (Slot(1, 1, FIRST.id), Slot(2, 2))


def test_higher_revision_waits_until_the_module_holds_the_present_password():
    assert decided(a_view(an_admin(FIRST), revision=2, provisioned=False)) == ()


def test_lower_revision_changes_nothing():
    assert decided(a_view(an_admin(SECOND), revision=1), holding(SECOND)) == ()


def test_old_password_stays_until_every_pod_can_know_the_new_one():
    view = a_view(an_admin(FIRST, SECOND), revision=2)
    early, late = (NOW + timedelta(seconds=SPREAD + each) for each in (-1, 0))

    assert decided(view, holding(FIRST), late) == (
        HandOver(WANTED, holding(FIRST)[WANTED.name], {QUEUE: SECOND}),
    )
    assert decided(view, holding(SECOND), early) == ()
    assert logins_of(view, holding(SECOND), late) == (Slot(2, 2, SECOND.id),)


def test_old_password_stays_while_nobody_knows_when_the_new_one_was_written():
    view = a_view(an_admin(FIRST, SECOND), revision=2)

    assert decided(view, holding(SECOND, written=None), NOW + timedelta(days=1)) == ()


def test_account_of_a_module_that_is_gone_is_kept():
    view = a_view(an_admin(FIRST), wanted=frozenset())

    assert decided(view, wanted=()) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"complete": False},
        {"provision": "provision-0"},
        {"owner_uid": "uid-1"},
        {"lineage": ""},
    ],
)
def test_secret_that_is_not_as_it_must_be_is_written_again_with_its_passwords(fields):
    view = a_view(an_admin(FIRST, **fields))

    assert logins_of(view, holding(FIRST)) == (Slot(1, 1, FIRST.id),)


def test_owner_is_set_when_data_is_not_to_be_retained():
    assert logins_of(a_view(an_admin(FIRST), owned=True), holding(FIRST)) == (Slot(1, 1, FIRST.id),)


def test_pending_is_what_a_module_does_not_hold_yet():
    views = {QUEUE: a_view(an_admin(FIRST))}

    assert pending(views, (WANTED,), {}) == (WANTED.name,)
    assert pending(views, (WANTED,), holding(FIRST)) == ()
    assert pending({}, (WANTED,), holding(FIRST)) == (WANTED.name,)
    assert pending({QUEUE: a_view()}, (WANTED,), {}) == (WANTED.name,)


def test_next_look_is_when_an_old_password_can_end():
    views = {QUEUE: a_view(an_admin(FIRST, SECOND))}
    moment = Moment(NOW + timedelta(seconds=50), SPREAD)

    assert next_look(views, (WANTED,), holding(SECOND), moment) == 70
    assert next_look(views, (WANTED,), {}, moment) is None
    assert next_look({QUEUE: a_view(an_admin(FIRST))}, (WANTED,), holding(FIRST), moment) is None
    assert next_look(views, (WANTED,), holding(SECOND), Moment(NOW + timedelta(1), SPREAD)) == 0


class World:
    """A data service, a module that reads its Secret up to 120 seconds late, and the operator."""

    def __init__(self):
        self.now, self.numbers = NOW, 0
        self.secret, self.modules, self.applied = None, {}, ()
        self.pod = None
        self.revision = 1

    def turn(self, succeeds):
        view = a_view(self.secret, revision=self.revision, provision=self.key())
        view = replace(view, provisioned=self.secret is not None and self.applied == self.key())
        for step in steps({QUEUE: view}, (WANTED,), self.modules, Moment(self.now, SPREAD)):
            if isinstance(step, WriteAdmin):
                made = tuple(map(self.login, step.logins["alpha"]))
                self.secret = an_admin(*made)
                self.secret = replace(self.secret, provision=self.key())
            else:
                self.modules = holding(step.logins[QUEUE], written=self.now)
        if succeeds:
            self.applied = self.key()

    def login(self, slot):
        there = self.secret.accounts["alpha"] if self.secret else ()
        self.numbers += 1
        kept = [each for each in there if each.id == slot.id]
        return kept[0] if kept else Login(slot.slot, slot.revision, f"id-{self.numbers}", "v")

    def key(self):
        found = self.secret.accounts.get("alpha", ()) if self.secret else ()
        return "provision-" + ",".join(each.id for each in found)

    def held(self):
        found = self.modules.get(WANTED.name)
        return found.given[QUEUE].login if found else None

    def pass_time(self, seconds):
        """The pod reads its Secret again at least every 120 seconds."""
        self.now += timedelta(seconds=seconds)
        found = self.modules.get(WANTED.name)
        if found and (self.now - found.written_at).total_seconds() >= SPREAD:
            self.pod = self.held()


TURNS = st.lists(
    st.tuples(
        st.sampled_from([True, True, True, False]),
        st.sampled_from([0, 1, 30, 60, 119, 120]),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([False, False, True]),
    ),
    min_size=8,
    max_size=40,
)
"""Of each turn: whether the Job succeeds, the seconds until the next, whether a higher revision is
asked for, and whether the pod happens to read its Secret."""


@given(TURNS)
def test_what_a_pod_holds_is_always_good_whatever_happens_in_between(turns):
    world = World()
    for succeeds, seconds, raised, reads in turns:
        world.revision += raised
        world.turn(succeeds)
        world.pass_time(seconds)
        if reads:
            world.pod = world.held()

        assert world.pod is None or world.pod in world.applied.removeprefix("provision-").split(",")


@given(TURNS)
def test_every_pod_has_the_newest_password_alone_in_the_end(turns):
    world = World()
    for succeeds, seconds, raised, _ in turns:
        world.revision += raised
        world.turn(succeeds)
        world.pass_time(seconds)

    for _ in range(8):
        world.turn(succeeds=True)
        world.pass_time(SPREAD)

    [login] = world.secret.accounts["alpha"]
    assert login.revision == world.revision
    assert world.pod == login.id
    assert world.applied == f"provision-{login.id}"
