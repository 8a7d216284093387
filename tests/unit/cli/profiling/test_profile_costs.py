"""What lines cost: the bill of each function, shared out so that all parts add up."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.profiling.costs import costs_of
from tests.unit.cli.profiling.profiles import PRICES, ROUTER, billed, node, sampled


def test_a_function_is_billed_by_memory_and_time_and_requests():
    """A quarter of a gigabyte for 100 s are 25 GB-seconds."""
    costs = costs_of(sampled(route_request__handler_0_handle=ROUTER), [billed()], PRICES)

    (function,) = costs.functions
    assert function.gb_seconds == 25
    assert function.duration_usd == pytest.approx(0.0005)
    assert function.request_usd == pytest.approx(0.0002)
    assert costs.totals.usd == pytest.approx(0.0007)


def test_a_line_has_its_share_of_the_samples():
    """The dearest comes first; requests are of no line."""
    costs = costs_of(sampled(route_request__handler_0_handle=ROUTER), [billed()], PRICES)

    assert [(line.spot.frame, line.share) for line in costs.lines] == [
        ("tidegate.plan:steps", 0.7),
        ("tidegate_aws.table:Table:get", 0.2),
        ("route_request.handler:handle", 0.1),
    ]
    assert [line.usd for line in costs.lines] == pytest.approx([0.00035, 0.0001, 0.00005])
    assert costs.lines[0].calls == ("botocore.client:S3:get_object", 4 / 7)
    assert costs.lines[2].calls is None


def test_brothers_of_tracks_are_one():
    """Their frames are the same: nothing tells their samples apart."""
    blue, green = billed(name="blue", seconds=30.0), billed(name="green", memory_megabytes=512)
    costs = costs_of(sampled(route_request__handler_0_handle=node(1)), [blue, green], PRICES)

    (function,) = costs.functions
    assert function.names == ("blue", "green")
    assert function.gb_seconds == 57.5


def test_what_was_not_sampled_is_a_part_of_its_own():
    """It was billed all the same."""
    others = [billed(), billed("settle_release", seconds=8.0)]
    costs = costs_of(sampled(route_request__handler_0_handle=node(1)), others, PRICES)

    assert costs.totals.lines_usd == pytest.approx(0.0005)
    assert costs.totals.unsampled_usd == pytest.approx(0.00004)


@pytest.mark.parametrize(
    ("prices", "changes"),
    [(replace(PRICES, gb_second=None), {}), (PRICES, {"architecture": "arm64"})],
)
def test_without_a_price_shares_are_told_and_no_dollars(prices: Any, changes: dict[str, Any]):
    """Unknown is not nothing, and so are the sums."""
    found = sampled(route_request__handler_0_handle=ROUTER)
    costs = costs_of(found, [billed(**changes)], prices)

    assert [line.share for line in costs.lines] == [0.7, 0.2, 0.1]
    assert [line.gb_seconds for line in costs.lines] == [17.5, 5.0, 2.5]
    assert {line.usd for line in costs.lines} == {None}
    assert (costs.totals.lines_usd, costs.totals.usd) == (None, None)
    assert costs.totals.request_usd == pytest.approx(0.0002)


def test_what_did_not_run_costs_nothing_at_any_price():
    """A function nobody asked does not make the sum unknown."""
    idle = billed("empty_bucket", architecture="arm64", seconds=0.0, requests=0.0)
    costs = costs_of(sampled(route_request__handler_0_handle=node(1)), [billed(), idle], PRICES)

    assert costs.totals.usd == pytest.approx(0.0007)


COUNTS = st.lists(st.integers(0, 50), min_size=3, max_size=3)


@given(COUNTS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_all_parts_add_up(counts: list[int], seconds: float, others: float):
    """Lines, what was not sampled, and requests are the whole bill."""
    handle, plan, wait = counts
    found = sampled(
        route_request__handler_0_handle=node(
            handle, tidegate__plan_0_steps=node(plan, boto3_0_client=node(wait))
        )
    )
    bills = [billed(seconds=seconds), billed("settle_release", seconds=others)]
    costs = costs_of(found, bills, PRICES)

    lines = sum(line.usd for line in costs.lines if line.usd is not None)
    whole = (seconds + others) * 0.25 * 0.00002 + 2_000 * 0.0000002
    assert costs.totals.lines_usd == pytest.approx(lines)
    assert costs.totals.usd == pytest.approx(whole)
    assert costs.samples == sum(counts)
