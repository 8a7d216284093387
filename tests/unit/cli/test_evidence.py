"""Evidence of an approval: what is said, what fits, what a deploy would change."""

from pathlib import Path

import pytest

from cli.evidence import MOST_SUMMARY, Cost, Evidence, costs_of
from cli.templatediff import StackDiff, stack_diff
from tests.release_world import ReleaseWorld
from tests.samples import MODEL, RELEASE
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.view import ReleaseView, view_of

NOTHING = StackDiff(stack="shop-prod-release", added=(), changed=(), removed=())
COST = Cost(model="flights", monthly_usd=168.0, release_usd=(0.1, 0.9))


@pytest.fixture
def view() -> ReleaseView:
    """A release that has begun."""
    world = ReleaseWorld.deployed()
    request = StartRequest(release_id=RELEASE, model=MODEL, who="pipeline")
    prepare(store=world.store, traffic=world.moving, clock=world.clock, request=request)
    return view_of(world.store.load(RELEASE), looks=(), counters=(), log=world.store.log(RELEASE))


def test_the_summary_says_all_four(view: ReleaseView):
    """Verdict, drift, cost, templates: what is not measured says so."""
    changed = StackDiff(
        stack="shop-prod-model-fraud",
        added=("A",),
        changed=("Config", "Endpoint", "GreenModel", "ReleaseGuard"),
        removed=(),
    )
    told = Evidence(releases=(view,), costs=(COST,), diffs=(NOTHING, changed)).summary()
    assert "flights v2 after v1 in staging: shifting" in told
    assert "drift: not measured" in told
    assert "$168.00 a month standing, $0.10 to $0.90 a release" in told
    assert (
        "template shop-prod-model-fraud: 1 added (A), "
        "4 changed (Config, Endpoint, GreenModel and 1 more)"
    ) in told
    assert "shop-prod-release" not in told


def test_what_is_not_known_says_so():
    """A missing price is no price of zero."""
    unknown = Cost(model="flights", monthly_usd=None, release_usd=None)
    told = Evidence(releases=(), costs=(unknown,), diffs=(NOTHING,)).summary()
    assert "price not known" in told
    assert "template: no change" in told
    assert "no release yet" in told


def test_a_long_story_ends_with_where_the_rest_is():
    """An approval's message has a limit; sentences stay whole."""
    diffs = tuple(
        StackDiff(stack=f"shop-prod-model-{n:02}", added=("Endpoint",), changed=(), removed=())
        for n in range(40)
    )
    evidence = Evidence(releases=(), costs=(COST,), diffs=diffs)
    told = evidence.summary()
    assert len(told) <= MOST_SUMMARY + len("More in the log of this build.")
    assert told.endswith("More in the log of this build.")
    assert len(told) <= 1_000
    assert all(f"shop-prod-model-{n:02}: added Endpoint" in evidence.page() for n in range(40))


def test_a_diff_is_of_what_cloudformation_acts_on():
    """Metadata, such as CDK's paths, changes nothing."""
    before = {
        "Resources": {
            "Kept": {"Type": "T", "Metadata": {"aws:cdk:path": "a"}},
            "Gone": {"Type": "T"},
            "Changed": {"Type": "T", "Properties": {"A": 1}},
        }
    }
    after = {
        "Resources": {
            "Kept": {"Type": "T", "Metadata": {"aws:cdk:path": "b"}},
            "New": {"Type": "T"},
            "Changed": {"Type": "T", "Properties": {"A": 2}},
        }
    }
    found = stack_diff("shop", before, after)
    assert (found.added, found.changed, found.removed) == (("New",), ("Changed",), ("Gone",))
    assert not found.empty


def test_a_first_deploy_adds_everything():
    """There is no stack yet."""
    found = stack_diff("shop", {}, {"Resources": {"A": {}, "B": {}}})
    assert found.added == ("A", "B")


def test_costs_come_from_the_dated_table():
    """Of the production stage's region."""
    example = Path(__file__).parents[3] / "examples" / "pipelines" / "delivery.yaml"
    (cost,) = costs_of(example, stage="prod")
    assert cost.monthly_usd == pytest.approx(2 * 730 * 0.128, rel=0.01)
    assert cost.release_usd is not None
