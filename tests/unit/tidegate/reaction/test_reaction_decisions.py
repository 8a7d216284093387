"""What is done about findings: the strongest action, once, and never in a storm."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.monitoring.shares import Family
from tidegate.reaction.decide import Around, Found, decide
from tidegate.reaction.memory import Act, Memory
from tidegate.reaction.plan import MONTH_SECONDS, Action, ReactionPlan, faults_of

DAY = 86_400.0
NOW = 1_000 * DAY
PLAN = ReactionPlan(
    actions={Family.FEATURES: Action.RETRAIN, Family.OUTCOMES: Action.ROLL_BACK},
    pause_seconds=int(2 * DAY),
    most_a_month=3,
)
AROUND = Around(model="m", live="v1", moved_at=NOW - 50 * DAY)


def found(*families: Family, at: float = NOW) -> Found:
    """A report that refuses a feature of each family."""
    names = tuple(f"{family}: x" for family in families)
    return Found(at=at, baseline="b", families=families, names=names)


def act(number: int, *, at: float, made: str | None = "run", live: str = "v1") -> Act:
    """A retraining of the past."""
    return Act(
        number=number,
        action=Action.RETRAIN,
        at=at,
        token="t",
        findings=("data drift: x",),
        baseline="b",
        live=live,
        made=made,
    )


@pytest.mark.parametrize(
    ("families", "action"),
    [
        ((Family.FEATURES,), Action.RETRAIN),
        ((Family.OUTCOMES,), Action.ROLL_BACK),
        ((Family.FEATURES, Family.OUTCOMES), Action.ROLL_BACK),
        ((Family.QUALITY, Family.FEATURES), Action.RETRAIN),
    ],
)
def test_of_several_findings_the_strongest_action_is_taken(
    families: tuple[Family, ...], action: Action
) -> None:
    """Going back before retraining, retraining before telling people."""
    decision = decide(PLAN, Memory(), found(*families), AROUND, now=NOW)
    assert decision.act is not None
    assert (decision.act.action, decision.act.number) == (action, 1)
    assert len(decision.act.token) == 32


def test_what_nobody_configured_is_for_people() -> None:
    """A family that is not named asks for an alert, which the monitor's alarm is."""
    decision = decide(PLAN, Memory(), found(Family.QUALITY), AROUND, now=NOW)
    assert decision.act is None
    assert decision.reason == "what is found asks for nobody but people"


@pytest.mark.parametrize(
    ("report", "reason"),
    [(None, "the monitor has not looked yet"), (found(), "nothing is found")],
)
def test_without_a_finding_nothing_is_done(report: Found | None, reason: str) -> None:
    """Before the first look, and while all is steady."""
    assert decide(PLAN, Memory(), report, AROUND, now=NOW).reason == reason


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        (replace(AROUND, open_release="r1"), "no retrain: release r1 is open"),
        (replace(AROUND, running="k3v"), "no retrain: run k3v of the training is not over"),
        (
            replace(AROUND, waiting="model-package/m/3"),
            "no retrain: model-package/m/3 waits for approval: approve or reject it",
        ),
        (
            replace(AROUND, moved_at=NOW),
            "no retrain: the report is older than the live version, the next look says more",
        ),
    ],
)
def test_one_thing_at_a_time(around: Around, reason: str) -> None:
    """What is under way comes to its end first."""
    decision = decide(PLAN, Memory(), found(Family.FEATURES), around, now=NOW)
    assert (decision.act, decision.reason) == (None, reason)


def test_a_pause_follows_each_act() -> None:
    """And its end is named; after it the next act has the next number."""
    memory = Memory(acts=(act(7, at=NOW - DAY),))
    decision = decide(PLAN, memory, found(Family.FEATURES), AROUND, now=NOW)
    assert decision.act is None
    assert "the pause lasts until 1972-09-28 00:00 UTC" in decision.reason
    later = decide(PLAN, memory, found(Family.FEATURES, at=NOW + DAY), AROUND, now=NOW + DAY)
    assert later.act is not None
    assert later.act.number == 8


def test_so_many_a_month_and_then_people_are_needed() -> None:
    """The reason says what does not help, and when the next act may be."""
    acts = tuple(act(n, at=NOW - (25 - 10 * n) * DAY) for n in range(3))
    decision = decide(PLAN, Memory(acts=acts), found(Family.FEATURES), AROUND, now=NOW)
    assert decision.act is None
    assert "people are needed" in decision.reason
    after = acts[0].at + MONTH_SECONDS
    again = decide(PLAN, Memory(acts=acts), found(Family.FEATURES, at=after), AROUND, now=after)
    assert again.act is not None


def test_a_way_back_that_is_not_there_is_not_taken() -> None:
    """The reason is the world's."""
    around = replace(AROUND, no_way_back="v1 was live first")
    decision = decide(PLAN, Memory(), found(Family.OUTCOMES), around, now=NOW)
    assert (decision.act, decision.reason) == (None, "no roll-back: v1 was live first")
    assert decide(PLAN, Memory(), found(Family.FEATURES), around, now=NOW).act is not None


def test_an_act_that_may_not_have_begun_is_begun_under_its_token() -> None:
    """Whatever the report says now; but not once another version is live."""
    unfinished = act(2, at=NOW - 60, made=None)
    memory = Memory(acts=(unfinished,))
    assert decide(PLAN, memory, found(), AROUND, now=NOW).act == unfinished
    other = replace(AROUND, live="v2")
    assert decide(PLAN, memory, found(), other, now=NOW).act is None


@given(
    gaps=st.lists(st.floats(min_value=60.0, max_value=5 * DAY), max_size=60),
    pause_days=st.integers(1, 8),
    most=st.integers(1, 5),
)
def test_no_storm(gaps: list[float], pause_days: int, most: int) -> None:
    """However often it is asked under endless drift: pauses are kept, and months."""
    plan = replace(PLAN, pause_seconds=int(pause_days * DAY), most_a_month=most)
    memory, now = Memory(), NOW
    for gap in gaps:
        now += gap
        decision = decide(plan, memory, found(Family.FEATURES, at=now), AROUND, now=now)
        if decision.act is not None:
            memory = memory.begun(replace(decision.act, made="run"))
    moments = [one.at for one in memory.acts]
    assert all(b - a >= plan.pause_seconds for a, b in itertools.pairwise(moments))
    for moment in moments:
        assert len([at for at in moments if moment - MONTH_SECONDS < at <= moment]) <= most


def test_plan_and_memory_survive_their_json() -> None:
    """As they are kept."""
    assert ReactionPlan.from_json(PLAN.to_json()) == PLAN
    memory = Memory(acts=(act(1, at=NOW), act(2, at=NOW, made=None)), held_back="no retrain: x")
    assert Memory.from_json(memory.to_json()) == memory


def test_a_plan_that_cannot_be_says_so() -> None:
    """All faults at once, with what is allowed."""
    plan = replace(PLAN, pause_seconds=60, most_a_month=0)
    assert faults_of(plan) == [
        "pause is 60 s, must be 1h to 90d",
        "most_a_month is 0, must be 1 to 30",
    ]
