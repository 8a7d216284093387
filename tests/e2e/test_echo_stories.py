"""Versions that name themselves: SageMaker moves the traffic, and outcomes are told apart."""

from collections.abc import Callable

import pytest

from tests.e2e.test_guardrail_stories import Deploys
from tests.e2e.world import PROJECT, V1, WORSE, Behaviour, World

MakeWorld = Callable[[str], World]

pytestmark = pytest.mark.accept

BETTER = Behaviour(name="v2", wrong_percent=4)
SILENT = Behaviour(name="v5", silent=True)

RELEASE = """\
    release:
      strategy: canary
      mechanism: guardrail
      echoes_version: true
      steps: [{ share_percent: 25, bake: 8m }]
      guardrails:
        errors: { margin: 0.05 }
        latency: { margin: 0.25, tolerated_slowdown: 3.0 }
        outcomes: { margin: 0.15 }
      lag: 30s
      alpha: 0.0001
      warm_up: 0s
"""


def deploys(make_world: MakeWorld, name: str) -> Deploys:
    """v1 is deployed, by a project whose container says which version it is."""
    world = make_world(f"echo-{name}")
    head, _ = PROJECT.split("    release:")
    hosting = "instance_type: ml.m5.large, instances: { min: 2 }"
    world.project_text = head.replace("instance_type: ml.t2.medium", hosting) + RELEASE
    world.deploy_plainly(V1)
    return Deploys(world=world)


def test_a_version_that_is_wrong_more_often_is_taken_back(make_world: MakeWorld) -> None:
    """Its outcomes are credited to it and to no other, and the deploy fails because of them."""
    made = deploys(make_world, "wrong")
    before = made.config()
    with made.world.watched() as seen:
        failed, view = made.bad(WORSE)
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert view.phase == "rolled-back", view.reason
    assert "wrong outcomes" in view.reason
    assert (made.config(), made.world.live_label(), made.alarm) == (before, "v1", "OK")
    assert seen.door.lost() == []
    wrong = {s.role: s.outcomes_wrong / s.outcomes_known for s in (view.live, view.candidate)}
    assert wrong["candidate"] > 2 * wrong["live"]
    stamped = {one.digest for one in seen.door.served if one.version == WORSE.name}
    assert stamped == {view.candidate.version}
    print(view.reason, wrong, len(seen.door.served))  # noqa: T201


def test_a_better_version_is_promoted_and_both_are_told_apart(make_world: MakeWorld) -> None:
    """Requests, latencies and outcomes of either fleet are in the release's own figures."""
    made = deploys(make_world, "better")
    with made.world.watched() as seen:
        view = made.good(BETTER)
    assert view.phase == "promoted", view.reason
    assert seen.door.lost() == []
    assert view.unattributed_requests == 0
    for slot in (view.live, view.candidate):
        assert slot.requests > 50
        assert slot.outcomes_known > 20
        assert slot.latency_p50 is not None
    assert view.latency
    assert {item.metric for item in view.evidence} == {"errors", "latency", "outcomes"}


def test_a_version_that_does_not_name_itself_is_not_let_through(make_world: MakeWorld) -> None:
    """Though it is said to: nothing about its outcomes can be known, so that the deploy fails."""
    made = deploys(make_world, "silent")
    with made.world.watched() as seen:
        failed, view = made.bad(SILENT)
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert [f.logical_id for f in failed.failures] == ["ReleaseVerify"], failed
    assert view.phase == "rolled-back", view.reason
    assert "did not name a version" in view.reason
    assert made.world.live_label() == "v1"
    assert seen.door.lost() == []
