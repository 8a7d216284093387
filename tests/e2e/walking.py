"""The walk: v1 -> canary v2 -> promoted -> deploy v3 -> rolled back, a fault at every arrow.

What the walks of all mechanisms share: ways to deploy well and badly, and witnesses. A walk says
from each moment on which versions may answer users, and is held to that in the end.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from cli.exits import CommandError
from emulator import deployer
from tests.e2e.breaking import with_failing_resource
from tests.e2e.checks import assert_reported
from tests.e2e.watching import with_a_share
from tests.e2e.world import BETTER, BROKEN, V1, Behaviour, Watched, World
from tidegate.pointer import Declaration
from tidegate.view import ReleaseView

_MANY = 50
"""Answers in a period, of which some must be of each of its versions."""

NEXT = Behaviour(name="v4", wrong_percent=3)
ALARMS = "\n    alarms: { latency: 2000ms }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From a moment on, users may be answered by these versions and no others."""

    since: float
    labels: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Walk:
    """One model on its way. `endpoint` is the logical id of the endpoint that a deploy changes.

    `declared` is what of a declaration must be as before when a deploy was rolled back.
    """

    world: World
    endpoint: str = "Endpoint"
    declared: Callable[[Declaration], object] = repr
    periods: list[Period] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)

    def serves(self, *labels: str) -> None:
        """From now on these versions may answer users."""
        self.periods.append(Period(since=time.monotonic(), labels=frozenset(labels)))

    def learn(self) -> None:
        """Remember where the artifacts of declared versions are."""
        for version in self.world.declaration.slots.values():
            self.artifacts[version.artifact_uri] = version.label

    def learn_released(self) -> None:
        """The same of what the newest release was about: its deploy may never have declared it."""
        deployed = self.world.deployed
        record = deployed.store.load(deployed.release_id(self.world.model))
        self.artifacts[record.candidate.version.artifact_uri] = record.candidate.version.label

    def deploy(self, behaviour: Behaviour) -> None:
        """`tidegate deploy`, which changes no share."""
        with self._unchanged_shares():
            self.world.deploy(behaviour)
        self.learn()

    def roll_back(self, behaviour: Behaviour, *, after: str) -> None:
        """A deploy fails when its hosting resources have changed, and CloudFormation goes back."""
        with self._unchanged_shares():
            self.take_back(behaviour, after=after)

    def take_back(self, behaviour: Behaviour, *, after: str) -> None:
        """The same, whatever happens to shares on the way; what was declared is as before."""
        world = self.world
        before = self.declared(world.declaration)
        assembly = world.synth(behaviour, pointers=world.pointers())
        with_failing_resource(assembly, world.hosting_stack, after=after)
        with pytest.raises(deployer.StackFailedError) as failed:
            deployer.deploy(world.cloud.session(), assembly)
        assert failed.value.status == "UPDATE_ROLLBACK_COMPLETE", failed.value
        assert [f.logical_id for f in failed.value.failures] == ["Broken"], failed.value
        assert self.declared(world.declaration) == before

    def refused(self, behaviour: Behaviour, *, because: str) -> None:
        """A plain `cdk deploy` is refused by the guard alone, and the stack is as it was."""
        with self.as_it_was(), pytest.raises(deployer.StackFailedError) as failed:
            self.world.deploy_plainly(behaviour)
        assert [f.logical_id for f in failed.value.failures] == ["ReleaseGuard"], failed.value
        assert because in str(failed.value)

    def plain(self, behaviour: Behaviour) -> None:
        """A plain `cdk deploy` that keeps what is live changes no share."""
        with self._unchanged_shares():
            self.world.deploy_plainly(behaviour)

    def locked(self, behaviour: Behaviour, *, holder: str) -> None:
        """`tidegate deploy` of another version is refused, naming the release that is open."""
        with self.as_it_was(), pytest.raises(CommandError) as failed:
            self.world.deploy(behaviour)
        assert holder in str(failed.value)

    def edit(self, old: str, new: str) -> None:
        """The project file says something else from now on."""
        assert old in self.world.project_text
        self.world.project_text = self.world.project_text.replace(old, new)

    def _unchanged_shares(self) -> "_Held":
        return _Held(lambda: with_a_share(self.world.shares()))

    def as_it_was(self) -> "_Held":
        """A block that changes nothing of what serves, and nothing that is known of it."""
        store, model = self.world.deployed.store, self.world.model
        return _Held(
            lambda: (
                self.world.serving(),
                store.declaration(model),
                store.pointer(model),
                store.split(model),
            )
        )


class _Held:
    """What a block must not change."""

    def __init__(self, read: Callable[[], object]) -> None:
        self._read = read

    def __enter__(self) -> None:
        self._before = self._read()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            assert self._read() == self._before


def broken(world: World) -> Behaviour:
    """v3, which is as good as v2 until it is told to fail.

    The judge rolls back harm while a release is paused, and there has to be time to deploy
    underneath it.
    """
    return replace(BROKEN, wrong_percent=BETTER.wrong_percent, armed_by=world.folder / "v3-fails")


def first_deploy(walk: Walk) -> None:
    """Nothing -> v1: a first deploy that fails leaves nothing, and can be repeated."""
    world = walk.world
    assembly = with_failing_resource(
        world.synth(V1, pointers={}), world.hosting_stack, after="ReleaseVerify"
    )
    with pytest.raises(deployer.StackFailedError) as failed:
        deployer.deploy(world.cloud.session(), assembly)
    assert failed.value.status == "ROLLBACK_COMPLETE"
    assert world.deployed.store.pointer(world.model) is None
    world.deploy_plainly(V1)
    walk.learn()


def before_the_canary(walk: Walk) -> None:
    """v1 -> v2 in the idle slot."""
    walk.serves("v1")
    walk.roll_back(BETTER, after="ReleaseVerify")
    walk.roll_back(BETTER, after=walk.endpoint)
    walk.refused(BETTER, because=f"slot blue of {walk.world.model} is live with version")
    walk.plain(V1)
    walk.deploy(BETTER)


def release(walk: Walk, behaviour: Behaviour) -> ReleaseView:
    """A release with faults while it is under way: how it ended."""
    world = walk.world
    release_id = world.start()
    world.until(release_id, lambda view: view.phase == "baking")
    world.pause(release_id)
    walk.locked(NEXT, holder=release_id)
    walk.refused(behaviour, because="is live with version")
    walk.edit("hold: 2h", f"hold: 2h{ALARMS}")
    walk.roll_back(behaviour, after="ReleaseVerify")
    walk.deploy(behaviour)
    walk.edit(ALARMS, "")
    if behaviour.armed_by is not None:
        # A pause stops no way back, and what was good until now could go on at once if resumed.
        behaviour.armed_by.touch()
        return world.until(release_id, lambda view: view.over)
    world.resume(release_id)
    return world.finish(release_id)


def after_the_promotion(walk: Walk, behaviour: Behaviour) -> None:
    """v2 is live in green -> v3 in the idle slot."""
    walk.refused(V1, because=f"slot green of {walk.world.model} is live with version")
    walk.roll_back(behaviour, after=walk.endpoint)
    walk.roll_back(behaviour, after="ReleaseVerify")
    walk.plain(BETTER)
    walk.deploy(behaviour)


def after_the_roll_back(walk: Walk, behaviour: Behaviour) -> None:
    """v3 was refused, v2 is live: deploys go on, v3 and v1 never come back."""
    because = f"slot green of {walk.world.model} is live with version"
    walk.refused(behaviour, because=because)
    walk.refused(V1, because=because)
    walk.roll_back(NEXT, after="ReleaseVerify")
    walk.roll_back(NEXT, after=walk.endpoint)
    walk.deploy(NEXT)
    walk.plain(BETTER)


@contextmanager
def walked(walk: Walk) -> Iterator[Watched]:
    """The walk, under users who ask all the time; afterwards it is held to all that it said."""
    with walk.world.watched(pause_seconds=0.2) as seen:
        yield seen
        over = time.monotonic()
    world = walk.world
    assert_only_the_right_versions_served(walk, seen, over=over)
    assert_only_the_right_artifacts_had_a_share(walk, seen)
    lost = seen.door.lost(failing_percent=world.failing_percent)
    figures = f"{len(seen.door.served)} requests, {len(lost)} lost"
    print(figures, seen.shares.changes(), seen.shares.looks)  # noqa: T201 - the story's figures
    assert lost == []
    assert world.deployed.store.lock_holder(world.model) is None


def assert_logged(walk: Walk, seen: Watched, views: list[ReleaseView]) -> None:
    """Every share that was seen is in a line of the log of a release."""
    shifts = [dict(e.after) for view in views for e in view.log if e.what == "shift"]
    announced = [with_a_share(shares) for shares in shifts]
    assert [s for s in seen.shares.served_shares()[1:] if s not in announced] == []
    for view in views:
        assert view.log[-1].what == view.phase
        assert_reported(walk.world, view)


def assert_only_the_right_versions_served(walk: Walk, seen: Watched, *, over: float) -> None:
    """No other version served in a period, and each of them did unless it was over at once."""
    ends = [*(following.since for following in walk.periods[1:]), over]
    for period, end in zip(walk.periods, ends, strict=True):
        served = seen.door.versions(since=period.since, until=end)
        assert set(served) <= period.labels, (served, walk.periods)
        if served.total() >= _MANY:
            assert set(served) == period.labels, (served, walk.periods)


def assert_only_the_right_artifacts_had_a_share(walk: Walk, seen: Watched) -> None:
    """What serves was itself never seen to give a share to any other version."""
    for one in seen.shares.seen:
        allowed = [period.labels for period in walk.periods if period.since <= one.at]
        labels = {walk.artifacts[uri] for uri in one.artifacts_with_a_share()}
        assert labels <= (allowed[-1] if allowed else {"v1"}), (one, walk.periods)
