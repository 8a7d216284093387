"""What an instance refresh does next: each rule, and what holds whatever is asked."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.ec2.refreshing import PATIENCE_SECONDS, Step, bounds, decide, is_ready, note
from emulator.ec2.state import (
    CANCELLED,
    CANCELLING,
    FAILED,
    IGNORE,
    IN_PROGRESS,
    IN_SERVICE,
    PENDING,
    REPLACE,
    SUCCESSFUL,
    TERMINATING,
    UNHEALTHY,
    WAIT,
    Group,
    Instance,
    Refresh,
    RefreshRules,
)
from emulator.sagemaker.names import Tenant

OLD, NEW = ({"LaunchTemplateId": f"lt-{name}", "Version": "1"} for name in ("old", "new"))
START = 1_000.0
PENDING_SECONDS, TICK_SECONDS = 30.0, 10.0


def instance(name: str, **changes: Any) -> Instance:
    """One of the old template that has long been in service, but for the changes."""
    usual: dict[str, Any] = {
        "zone": "a",
        "kind": "m5.large",
        "template": OLD,
        "launched_at": 0.0,
        "in_service_at": 30.0,
        "state": IN_SERVICE,
    }
    return Instance(instance_id=name, **{**usual, **changes})


def new(name: str, *, since: float | None = START, **changes: Any) -> Instance:
    """One that the refresh launched; in service since then, or not yet."""
    state = PENDING if since is None else IN_SERVICE
    return instance(name, **{"template": NEW, "in_service_at": since, "state": state, **changes})


def refresh(*before: Instance, status: str = IN_PROGRESS, **rules: Any) -> Refresh:
    """A refresh that replaces all of these that are not of the new template."""
    outdated = {one.instance_id for one in before if one.template != NEW}
    return Refresh(
        refresh_id="r",
        rules=RefreshRules(**rules),
        template=NEW,
        configuration={"LaunchTemplate": NEW},
        before=frozenset(one.instance_id for one in before),
        outdated=frozenset(outdated),
        started_at=START,
        progressed_at=START,
        total=len(outdated),
        status=status,
    )


SURGE = {"min_healthy": 100, "max_healthy": 200}
THREE = tuple(instance(name) for name in "abc")


def test_with_a_minimum_of_all_new_ones_are_launched_first():
    """As many as are to be replaced, within the maximum; none ends yet."""
    step = decide(THREE, refresh(*THREE, **SURGE), desired=3, now=START)

    assert (step.launch, step.end, step.status) == (3, (), IN_PROGRESS)


def test_no_more_are_launched_than_the_maximum_allows():
    """150 percent of three are four, rounded down."""
    step = decide(THREE, refresh(*THREE, min_healthy=100, max_healthy=150), desired=3, now=START)

    assert step.launch == 1


def test_no_more_are_launched_than_are_to_be_replaced():
    """One of three: the others have the desired template."""
    fleet = [instance("a"), new("b"), new("c")]

    assert decide(fleet, refresh(*fleet, **SURGE), desired=3, now=START).launch == 1


def test_an_old_one_ends_when_a_new_one_has_been_in_service_for_the_warm_up():
    """One for each; one that is pending, unhealthy or still warming up counts for none."""
    fleet = [
        *THREE,
        new("d"),
        new("e", since=START + 1),
        new("f", since=None),
    ]
    going_on = refresh(*THREE, **SURGE, warmup=60)

    assert decide(fleet, going_on, desired=3, now=START + 59).end == ()
    assert decide(fleet, going_on, desired=3, now=START + 60).end == ("a",)
    assert decide(fleet, going_on, desired=3, now=START + 61).end == ("a", "b")
    fleet[3].health = UNHEALTHY
    assert decide(fleet, going_on, desired=3, now=START + 61).end == ("a",)


def test_with_a_maximum_of_all_old_ones_end_first():
    """Never more than leave the minimum, and as many are launched in their place."""
    fleet = [instance(str(number)) for number in range(10)]
    going_on = refresh(*fleet, min_healthy=75)

    step = decide(fleet, going_on, desired=10, now=START)

    assert (step.launch, step.end) == (2, ("0", "1"))


def test_between_the_bounds_both_happen_at_once():
    """80 to 120 percent of ten: two end, four are launched."""
    fleet = [instance(str(number)) for number in range(10)]
    going_on = refresh(*fleet, min_healthy=80, max_healthy=120)

    step = decide(fleet, going_on, desired=10, now=START)

    assert (step.launch, len(step.end)) == (4, 2)


def test_one_can_be_replaced_at_least():
    """All and all means one at a time, launched first; else one ends where rounding allows none."""
    assert bounds(RefreshRules(min_healthy=100), 3) == (3, 4)
    assert bounds(RefreshRules(), 2) == (1, 2)
    assert bounds(RefreshRules(min_healthy=90, max_healthy=110), 3) == (2, 3)
    assert bounds(RefreshRules(min_healthy=0), 0) == (0, 0)


def test_an_old_one_that_does_not_serve_ends_at_once():
    """Nobody misses it."""
    fleet = [instance("a"), instance("b", state=PENDING, in_service_at=None)]

    assert decide(fleet, refresh(*fleet, **SURGE), desired=2, now=START).end == ("b",)


def test_missing_ones_are_launched_from_the_desired_configuration():
    """A scale-out, or one that was given up."""
    fleet = [new("a"), instance("b")]
    going_on = refresh(instance("b"), **SURGE, warmup=60)

    assert decide(fleet, going_on, desired=4, now=START).launch == 3


def test_protected_ones_are_left_where_they_are_ignored():
    """And the refresh succeeds without them, whatever template they have."""
    fleet = [instance("a"), instance("b", protected=True)]
    going_on = refresh(*fleet, **SURGE, protected=IGNORE)

    assert decide(fleet, going_on, desired=2, now=START).launch == 1
    fleet.append(new("c"))
    step = decide(fleet, going_on, desired=2, now=START)
    assert (step.launch, step.end, step.total) == (0, ("a",), 1)
    step = decide(fleet[1:], going_on, desired=2, now=START)
    assert (step.status, step.updated, step.total) == (SUCCESSFUL, 1, 1)


def test_protected_ones_are_replaced_where_that_is_asked_for():
    """Like all others."""
    fleet = [instance("a", protected=True)]
    going_on = refresh(*fleet, min_healthy=0, protected=REPLACE)

    assert decide(fleet, going_on, desired=1, now=START).end == ("a",)


def test_a_refresh_waits_an_hour_for_protected_ones():
    """It says so, replaces all others, and fails then; one that is free again is replaced."""
    fleet = [instance("a", protected=True), new("b")]
    going_on = refresh(fleet[0], instance("gone"), min_healthy=0, protected=WAIT)
    going_on.updated = 1

    step = decide(fleet, going_on, desired=2, now=START + PATIENCE_SECONDS - 1)
    assert (step.status, step.end, step.launch) == (IN_PROGRESS, (), 0)
    assert step.reason == "Waiting for a: protected from scale in."
    step = decide(fleet, going_on, desired=2, now=START + PATIENCE_SECONDS)
    assert (step.status, step.reason) == (FAILED, "Protected from scale in for an hour: a.")
    fleet[0].protected = False
    assert decide(fleet, going_on, desired=2, now=START).end == ("a",)


def test_a_refresh_with_nothing_to_replace_succeeds_at_once():
    """Skip matching found all of them to be of the desired template."""
    fleet = [new("a"), new("b", since=None)]

    step = decide(fleet, refresh(*fleet, status=PENDING), desired=3, now=START)

    assert step == Step(status=SUCCESSFUL)


def test_a_refresh_ends_when_the_last_new_one_is_warm():
    """Not when it is launched, and not while one is missing."""
    fleet = [new("d"), new("e")]
    going_on = refresh(*THREE[:2], **SURGE, warmup=60)

    step = decide(fleet, going_on, desired=2, now=START + 59)
    assert (step.status, step.updated, step.total) == (IN_PROGRESS, 0, 2)
    assert decide(fleet, going_on, desired=2, now=START + 60).status == SUCCESSFUL
    step = decide(fleet[1:], going_on, desired=2, now=START + 60)
    assert (step.status, step.launch) == (IN_PROGRESS, 1)


def test_a_refresh_fails_after_an_hour_without_progress():
    """Counted from the last one that was replaced; a warm-up under way has its time on top."""
    going_on = refresh(*THREE, **SURGE, warmup=600)

    assert decide(THREE, going_on, desired=3, now=START + 3_599).status == IN_PROGRESS
    step = decide(THREE, going_on, desired=3, now=START + 3_600)
    assert (step.status, step.launch, step.end) == (FAILED, 0, ())
    warming = [*THREE, new("d", since=START + 3_599)]
    assert decide(warming, going_on, desired=3, now=START + 3_600).status == IN_PROGRESS


def test_a_cancelled_refresh_waits_for_what_is_under_way():
    """Launches and terminations, unless told not to; it launches and ends nothing."""
    leaving = instance("d", state=TERMINATING)
    going_on = refresh(*THREE, status=CANCELLING, **SURGE)
    going_on.reason = "asked"

    step = decide([*THREE, leaving], going_on, desired=3, now=START)
    assert step == Step(total=3, status=CANCELLING, reason="asked")
    assert decide(THREE, going_on, desired=3, now=START).status == CANCELLED
    going_on.awaits_transitions = False
    assert decide([*THREE, leaving], going_on, desired=3, now=START).status == CANCELLED


def group(*instances: Instance) -> Group:
    """A group of the old template."""
    return Group(
        name="g",
        arn="arn:g",
        tenant=Tenant("000000000000", "us-east-1"),
        shape={"LaunchTemplate": OLD, "DesiredCapacity": len(instances)},
        tags=[],
        instances=list(instances),
    )


@pytest.mark.parametrize("status", [SUCCESSFUL, FAILED, CANCELLED])
def test_only_a_success_gives_the_group_the_desired_template(status: str):
    """Whatever ends it, it goes on no more."""
    fleet, ended = group(*THREE), refresh(*THREE)
    fleet.refreshes.append(ended)
    assert fleet.active_refresh is ended

    note(fleet, ended, Step(status=status, total=3, reason="why"), now=START + 5)

    assert fleet.active_refresh is None
    assert (ended.status, ended.reason, ended.ended_at) == (status, "why", START + 5)
    assert fleet.shape["LaunchTemplate"] == (NEW if status == SUCCESSFUL else OLD)
    assert ended.updated == (3 if status == SUCCESSFUL else 0)


@dataclass
class World:
    """A group on a clock of its own, whose launches and terminations all work."""

    group: Group
    refresh: Refresh
    desired: int
    now: float = START
    made: int = field(default=0)

    def step(self) -> None:
        """One tick of the engine."""
        for one in self.group.instances:
            if one.state == PENDING and self.now - one.launched_at >= PENDING_SECONDS:
                one.state, one.in_service_at = IN_SERVICE, self.now
        step = decide(self.group.instances, self.refresh, desired=self.desired, now=self.now)
        for one in self.group.staying:
            if one.instance_id in step.end:
                one.state = TERMINATING
        for _ in range(step.launch):
            self.made += 1
            self.group.instances.append(new(f"new-{self.made}", since=None, launched_at=self.now))
        note(self.group, self.refresh, step, now=self.now)

    def ready(self) -> int:
        """How many count as healthy."""
        return sum(is_ready(one, self.refresh, self.now) for one in self.group.staying)


fleets = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=9)


@settings(deadline=None)
@given(
    fleet=fleets,
    percents=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    protected=st.sampled_from([IGNORE, REPLACE]),
    warmup=st.integers(0, 300),
)
def test_no_refresh_leaves_its_bounds_and_each_ends_with_what_was_asked_for(
    fleet: list[tuple[bool, bool]], percents: tuple[int, int], protected: str, warmup: int
):
    """Never fewer healthy ones, never more in all, and the desired number of new ones at last."""
    low, surge = percents
    before = [
        (new if matches else instance)(f"old-{number}", protected=spared)
        for number, (matches, spared) in enumerate(fleet)
    ]
    going_on = refresh(
        *before,
        status=PENDING,
        min_healthy=low,
        max_healthy=max(100, min(low + surge, 200)),
        protected=protected,
        warmup=warmup,
    )
    world = World(group=group(*before), refresh=going_on, desired=len(before))
    fewest, most = bounds(going_on.rules, len(before))

    while going_on.active:
        world.step()
        assert world.ready() >= fewest
        assert len(world.group.staying) <= most
        world.now += TICK_SECONDS

    assert going_on.status == SUCCESSFUL
    staying = world.group.staying
    assert len(staying) == len(before)
    spared = {one.instance_id for one in before if one.protected and protected == IGNORE}
    assert all(one.template == NEW for one in staying if one.instance_id not in spared)
    assert spared <= {one.instance_id for one in staying}
    kept = {one.instance_id for one in before if one.template == NEW}
    assert kept <= {one.instance_id for one in staying}
