"""The walk: v1 -> canary v2 -> promoted -> deploy v3 -> rolled back, a fault at every arrow.

At each arrow CloudFormation rolls a deploy back after hosting resources changed, and somebody runs
a plain `cdk deploy`, whose template knows no pointer; users ask all the time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from cli.exits import CommandError
from emulator import deployer
from tests.e2e.breaking import with_failing_resource
from tests.e2e.checks import assert_reported, assert_served_well
from tests.e2e.world import BETTER, BROKEN, V1, Behaviour, Watched, World
from tidegate.view import ReleaseView

MakeWorld = Callable[[str], World]

NEXT = Behaviour(name="v4", wrong_percent=3)
ALARMS = "\n    alarms: { latency: 2000ms }"


@dataclass(slots=True, kw_only=True)
class Walk:
    """One model on its way, and the moments at which it changed hands."""

    world: World
    moments: dict[str, float] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Now is the moment of this name."""
        self.moments[name] = time.monotonic()

    def learn(self) -> None:
        """Remember where the artifacts of declared versions are."""
        declaration = self.world.deployed.store.declaration(self.world.model)
        assert declaration is not None
        for version in declaration.slots.values():
            self.artifacts[version.label] = version.artifact_uri

    def deploy(self, behaviour: Behaviour) -> None:
        """`tidegate deploy`, which changes no share."""
        with self._unchanged_shares():
            self.world.deploy(behaviour)
        self.learn()

    def roll_back(self, behaviour: Behaviour, *, after: str) -> None:
        """A deploy fails when its hosting resources have changed, and CloudFormation goes back."""
        world = self.world
        before = world.deployed.store.declaration(world.model)
        assembly = world.synth(behaviour, pointers=world.pointers())
        with_failing_resource(assembly, world.hosting_stack, after=after)
        with self._unchanged_shares(), pytest.raises(deployer.StackFailedError) as failed:
            deployer.deploy(world.cloud.session(), assembly)
        assert failed.value.status == "UPDATE_ROLLBACK_COMPLETE", failed.value
        assert [f.logical_id for f in failed.value.failures] == ["Broken"], failed.value
        assert world.deployed.store.declaration(world.model) == before

    def refused(self, behaviour: Behaviour, *, because: str) -> None:
        """A plain `cdk deploy` is refused by the guard alone, and the stack is as it was."""
        with self._as_it_was(), pytest.raises(deployer.StackFailedError) as failed:
            self.world.deploy_plainly(behaviour)
        assert [f.logical_id for f in failed.value.failures] == ["ReleaseGuard"], failed.value
        assert because in str(failed.value)

    def plain(self, behaviour: Behaviour) -> None:
        """A plain `cdk deploy` that keeps what is live changes no share."""
        with self._unchanged_shares():
            self.world.deploy_plainly(behaviour)

    def locked(self, behaviour: Behaviour, *, holder: str) -> None:
        """`tidegate deploy` of another version is refused, naming the release that is open."""
        with self._as_it_was(), pytest.raises(CommandError) as failed:
            self.world.deploy(behaviour)
        assert holder in str(failed.value)

    def edit(self, old: str, new: str) -> None:
        """The project file says something else from now on."""
        assert old in self.world.project_text
        self.world.project_text = self.world.project_text.replace(old, new)

    def _unchanged_shares(self) -> "_Held":
        return _Held(self.world.shares)

    def _as_it_was(self) -> "_Held":
        world = self.world
        client = world.cloud.session().client("sagemaker")

        def all_of_it() -> tuple[object, ...]:
            store, model = world.deployed.store, world.model
            endpoint = client.describe_endpoint(EndpointName=world.endpoint_name)
            return (
                endpoint["EndpointConfigName"],
                world.shares(),
                store.declaration(model),
                store.pointer(model),
                store.split(model),
            )

        return _Held(all_of_it)


class _Held:
    """What a block must not change."""

    def __init__(self, read: Callable[[], object]) -> None:
        self._read = read

    def __enter__(self) -> None:
        self._before = self._read()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            assert self._read() == self._before


def test_one_arrow(even_world: World) -> None:
    """A deploy that is rolled back and a plain one change no share and lose no request."""
    walk = Walk(world=even_world)
    with even_world.watched() as seen:
        walk.roll_back(NEXT, after="ReleaseVerify")
        walk.refused(NEXT, because="is live with version")
    assert seen.shares.changes() == [even_world.shares()]
    assert set(seen.door.versions(since=0, until=time.monotonic())) == {even_world.live_label()}
    assert_served_well(seen)


@pytest.mark.accept
def test_the_walk(make_world: MakeWorld) -> None:
    """No old or refused version ever gets a share, and no request is lost on the whole way."""
    walk = Walk(world=make_world("walk"))
    world = walk.world
    # As good as v2 until it is told to fail: the judge rolls back harm while a release is paused,
    # and there has to be time to deploy underneath it.
    broken = replace(BROKEN, wrong_percent=BETTER.wrong_percent, armed_by=world.folder / "v3-fails")
    first_deploy(walk)
    with world.watched() as seen:
        before_the_canary(walk)
        promoted = canary(walk, BETTER)
        walk.mark("v2 promoted")
        after_the_promotion(walk, broken)
        rolled_back = canary(walk, broken)
        walk.mark("v3 rolled back")
        after_the_roll_back(walk, broken)
        walk.mark("end")
    assert promoted.phase == "promoted", promoted.reason
    assert rolled_back.phase == "rolled-back", rolled_back.reason
    assert_log_is_complete_of_both(walk, seen, [promoted, rolled_back])
    assert_settled_at_v2(walk)
    assert_only_the_right_versions_served(walk, seen)
    assert_only_the_right_artifacts_had_a_share(walk, seen)
    lost = [one for one in seen.door.lost() if not _broken_candidate(walk, one.sent, one.status)]
    figures = (
        f"{len(seen.door.served)} requests, {len(seen.door.lost())} errors of v3, {len(lost)} lost"
    )
    print(figures, seen.shares.changes(), seen.shares.looks)  # noqa: T201 - the story's figures
    assert lost == []
    assert len(seen.door.served) >= 3_000, figures


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
    walk.mark("start")
    walk.roll_back(BETTER, after="ReleaseVerify")
    walk.roll_back(BETTER, after="Endpoint")
    walk.refused(BETTER, because="slot blue of walk is live with version")
    walk.plain(V1)
    walk.deploy(BETTER)


def canary(walk: Walk, behaviour: Behaviour) -> ReleaseView:
    """A release with faults while its candidate has a share: how it ended."""
    world = walk.world
    walk.mark(f"{behaviour.name} starts")
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
        behaviour.armed_by.touch()
    world.resume(release_id)
    return world.finish(release_id)


def after_the_promotion(walk: Walk, broken: Behaviour) -> None:
    """v2 is live in green -> v3 in the idle slot."""
    walk.refused(V1, because="slot green of walk is live with version")
    walk.roll_back(broken, after="Endpoint")
    walk.roll_back(broken, after="ReleaseVerify")
    walk.plain(BETTER)
    walk.deploy(broken)


def after_the_roll_back(walk: Walk, broken: Behaviour) -> None:
    """v3 was refused, v2 is live: deploys go on, v3 and v1 never come back."""
    walk.refused(broken, because="slot green of walk is live with version")
    walk.refused(V1, because="slot green of walk is live with version")
    walk.roll_back(NEXT, after="ReleaseVerify")
    walk.roll_back(NEXT, after="Endpoint")
    walk.deploy(NEXT)
    walk.plain(BETTER)


def assert_log_is_complete_of_both(walk: Walk, seen: Watched, views: list[ReleaseView]) -> None:
    """Every share that was seen is in a line of the log of a release."""
    announced = [dict(e.after) for view in views for e in view.log if e.what == "shift"]
    assert [s for s in seen.shares.changes()[1:] if s not in announced] == []
    for view in views:
        assert view.log[-1].what == view.phase
        assert_reported(walk.world, view)


def assert_settled_at_v2(walk: Walk) -> None:
    """v2 serves everything from green, and nobody holds the model."""
    assert walk.world.shares() == {"blue": 0.0, "green": 100.0}
    assert walk.world.live_label() == "v2"
    assert walk.world.deployed.store.lock_holder("walk") is None


def assert_only_the_right_versions_served(walk: Walk, seen: Watched) -> None:
    """Users were answered by the live version, and by a candidate only during its release."""
    allowed = {
        ("start", "v2 starts"): {"v1"},
        ("v2 starts", "v2 promoted"): {"v1", "v2"},
        ("v2 promoted", "v3 starts"): {"v2"},
        ("v3 starts", "v3 rolled back"): {"v2", "v3"},
        ("v3 rolled back", "end"): {"v2"},
    }
    for (begin, end), labels in allowed.items():
        served = seen.door.versions(since=walk.moments[begin], until=walk.moments[end])
        assert set(served) == labels, (begin, served)


def assert_only_the_right_artifacts_had_a_share(walk: Walk, seen: Watched) -> None:
    """The endpoint itself was never seen to give a share to anything else."""
    labels = {uri: label for label, uri in walk.artifacts.items()}
    for at, label in _with_a_share(seen, labels):
        if at < walk.moments["v2 starts"]:
            assert label == "v1"
        elif at < walk.moments["v2 promoted"]:
            assert label in {"v1", "v2"}
        elif walk.moments["v3 starts"] < at < walk.moments["v3 rolled back"]:
            assert label in {"v2", "v3"}
        else:
            assert label == "v2"


def _with_a_share(seen: Watched, labels: dict[str, str]) -> Iterator[tuple[float, str]]:
    for one in seen.shares.seen:
        for uri in one.artifacts_with_a_share():
            yield one.at, labels[uri]


def _broken_candidate(walk: Walk, sent: float, status: int | None) -> bool:
    """Whether an error may be v3's own: the gateway says 502, while v3 is being released."""
    moments = walk.moments
    return status == 502 and moments["v3 starts"] < sent < moments["v3 rolled back"]
