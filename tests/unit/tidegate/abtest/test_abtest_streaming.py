"""The state of an A/B test is the same however often and in which order one looked."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contests import PLAN, THOMPSON, drawn, interval
from tidegate.abtest.contest import SCHEDULE, ExactContest
from tidegate.abtest.decide import advance, decide
from tidegate.abtest.plan import ABPlan
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdict

counts = st.lists(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda c: (sum(c), c[0])),
        min_size=2,
        max_size=2,
    ),
    min_size=1,
    max_size=6,
)


@given(counts, st.sampled_from((PLAN, THOMPSON)), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_and_number_of_looks_do_not_matter(
    rows: list[list[tuple[int, int]]], plan: ABPlan, rng: random.Random
):
    """One interval at a time, or all at once in any order: the same state."""
    looks = [interval(plan, at, row) for at, row in enumerate(rows)]
    state = ABState.initial(plan)
    for look in looks:
        state = advance(plan, state, look)
    mixed = [item for look in looks for item in look]
    rng.shuffle(mixed)
    assert advance(plan, ABState.initial(plan), mixed) == state


@given(counts, st.sampled_from((PLAN, THOMPSON)))
@settings(max_examples=20, deadline=None)
def test_state_and_verdict_survive_json_after_every_look(
    rows: list[list[tuple[int, int]]], plan: ABPlan
):
    """What is read back is what was written, and goes on in the same way."""
    state = ABState.initial(plan)
    for at, row in enumerate(rows):
        state = ABState.from_json(json.loads(json.dumps(state.to_json())))
        state, found = decide(plan, state, interval(plan, at, row))
        assert ABVerdict.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert ABState.from_json(json.loads(json.dumps(state.to_json()))) == state


def batch(rows: Sequence[Sequence[tuple[int, int]]], plan: ABPlan) -> list[tuple[int, int]]:
    """Both boundaries at each look, from scratch: all laws by plain sums over dictionaries."""
    law, spent, served, boundaries = {0: 1.0}, [0.0, 0.0], 0, []
    for (n, x), (m, y) in rows:
        k, served = x + y, served + n + m
        chances = {
            i: math.comb(n, i) * math.comb(m, k - i) / math.comb(n + m, k)
            for i in range(max(0, k - m), min(n, k) + 1)
        }
        moved: dict[int, float] = {}
        for start, p in law.items():
            for i, q in chances.items():
                moved[start + i] = moved.get(start + i, 0.0) + p * q
        allowed = plan.alpha / 2 * SCHEDULE.share(served / plan.horizon_requests)
        high, low = max(moved) + 1, min(moved) - 1
        while spent[0] + moved.get(high - 1, 0.0) <= allowed:
            high -= 1
            spent[0] += moved.pop(high, 0.0)
        while spent[1] + moved.get(low + 1, 0.0) <= allowed:
            low += 1
            spent[1] += moved.pop(low, 0.0)
        law = moved
        boundaries.append((high, low))
    return boundaries


def test_streaming_equals_the_batch_form():
    """Every boundary of every look is that of a law computed from scratch."""
    rng = random.Random(11)  # noqa: S311 - seeded so that it can be repeated
    plan = replace(PLAN, horizon_requests=2_000, tie_margin=None)
    rows = []
    for _ in range(15):
        n, m = drawn(rng, 60, (1, 1))
        rows.append([(n, sum(rng.random() < 0.3 for _ in range(n))), (m, round(0.3 * m))])
    state, found = ABState.initial(plan), []
    for at, row in enumerate(rows):
        state = advance(plan, state, interval(plan, at, row))
        contest = state.pairs[0].contest
        assert isinstance(contest, ExactContest)
        found.append((contest.test.boundary_above, contest.test.boundary_below))
    assert state.decision is None
    assert found == batch(rows, plan)
