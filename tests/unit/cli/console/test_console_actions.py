"""The operator's verbs as buttons: what is offered when, and what it is said to do."""

from dataclasses import replace

import pytest

from cli.console.actions import Offer, Verb, carry_out, offers
from tests.cli_world import CliWorld
from tests.samples import MODEL, PLAN, RELEASE, START, record
from tidegate.plan import Step
from tidegate.release import Intervention, Phase, ReleaseRecord
from tidegate.strategies import Mechanism
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind

GRACE = Intervention(who="grace", at=START, why="lunch")


def offered(changed: ReleaseRecord, *, attended: bool = True) -> dict[Verb, Offer]:
    """Offers by verb."""
    return {offer.verb: offer for offer in offers(changed, attended=attended)}


def possible(changed: ReleaseRecord, *, attended: bool = True) -> set[str]:
    """Verbs that can be used."""
    found = offered(changed, attended=attended)
    return {verb.value for verb, offer in found.items() if offer.refusal is None}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (record(phase=Phase.BAKING), {"pause", "promote", "abort"}),
        (record(phase=Phase.SHIFTING), {"pause", "promote", "abort"}),
        (record(phase=Phase.BAKING, paused=GRACE), {"resume", "promote", "abort"}),
        (record(phase=Phase.BAKING, halted=GRACE), {"resume", "abort"}),
        (record(phase=Phase.BAKING, forced=GRACE), {"pause", "abort"}),
        (record(phase=Phase.PROMOTING), {"abort"}),
        (record(phase=Phase.RESTORING), {"abort"}),
        (record(phase=Phase.ABORTING), set()),
        (record(phase=Phase.ABORTING, halted=GRACE), {"resume"}),
        (record(phase=Phase.PROMOTED), set()),
    ],
)
def test_what_can_be_used_follows_from_the_record(changed: ReleaseRecord, expected: set[str]):
    """A verb that would change nothing, or come too late, is not offered."""
    assert possible(changed) == expected


def test_a_release_that_nobody_works_on_can_be_resumed():
    """Its execution died: the record is whole, and a new one goes on from it."""
    assert "resume" in possible(record(phase=Phase.BAKING), attended=False)


def test_what_sagemaker_moves_can_only_be_aborted():
    """Its deploy is the release: no step of it is ours."""
    plan = replace(
        PLAN, mechanism=Mechanism.GUARDRAIL, steps=(Step(share_percent=10, bake_seconds=120),)
    )
    moved = record(phase=Phase.BAKING, plan=plan)
    assert possible(moved, attended=False) == {"abort"}
    assert "SageMaker moves its traffic" in str(offered(moved)[Verb.PAUSE].refusal)


def test_every_refusal_says_why():
    """A dashed button is not a riddle."""
    for phase in Phase:
        for offer in offers(record(phase=phase), attended=True):
            assert offer.refusal is None or len(offer.refusal) > 10


def test_a_promotion_says_what_was_not_proven_and_what_is_skipped():
    """Whoever promotes early sees what they vouch for."""
    verdict = Verdict(
        kind=VerdictKind.CONTINUE,
        reason="too few requests",
        evidence=(
            Evidence(
                metric="errors",
                claim=Claim.SAFE,
                log_evidence=1.0,
                log_limit=4.0,
                live_rate=0.01,
                candidate_rate=0.01,
            ),
        ),
    )
    told = " ".join(offered(record(phase=Phase.BAKING, verdict=verdict))[Verb.PROMOTE].consequences)
    assert "v2 (green)" in told
    assert "1 further step is skipped" in told
    assert "errors (25 %)" in told
    assert "harm wins over an order" in told


def test_a_promotion_before_the_first_look_says_so():
    """Nothing was judged: nothing is proven."""
    told = offered(record(phase=Phase.SHIFTING))[Verb.PROMOTE].consequences
    assert "Nothing was judged yet: you vouch for it." in told


def test_an_abort_says_whose_traffic_moves():
    """The version that gets all traffic, and the share that it takes back."""
    told = " ".join(offered(record(phase=Phase.BAKING, step=1))[Verb.ABORT].consequences)
    assert "v1 (blue)" in told
    assert "50 %" in told


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (record(phase=Phase.BAKING, paused=GRACE), "Its bake starts anew: 2 min."),
        (record(phase=Phase.SHIFTING, paused=GRACE), "Its bake goes on."),
        (record(phase=Phase.BAKING, halted=GRACE), "shifts 10 % of the traffic to v2 (green)"),
        (record(phase=Phase.PROMOTING, halted=GRACE), "finishes what was decided (promoting)"),
    ],
)
def test_a_resume_says_where_it_goes_on(changed: ReleaseRecord, told: str):
    """After a pause and after a halt that is not the same."""
    consequences = " ".join(offered(changed)[Verb.RESUME].consequences)
    assert "epoch 2" in consequences
    assert told in consequences


@pytest.mark.parametrize("verb", Verb)
def test_a_verb_is_in_the_log_with_who_and_why(world: CliWorld, verb: Verb):
    """The same as the verb of the command line leaves."""
    world.release.prepare()
    carry_out(world.deployed(), RELEASE, verb, why="as agreed")
    last = world.release.store.log(RELEASE)[-1]
    assert last.why == "as agreed"
    assert last.what in {verb.value, f"order to {verb.value}"}
    assert last.at == world.release.clock.now()


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.ABORT])
def test_a_verb_that_takes_over_starts_the_next_epoch(world: CliWorld, verb: Verb):
    """A resume and an abort are done by a new execution."""
    world.release.prepare()
    world.release.executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)
    carry_out(world.deployed(), RELEASE, verb, why="")
    assert world.release.executions.started[-1] == (RELEASE, 2)
    assert world.release.store.log(RELEASE)[-1].why == "no reason given"
