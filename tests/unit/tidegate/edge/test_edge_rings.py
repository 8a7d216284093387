"""Rings: where they end, what they run for which shares, and who goes into which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.edge.names import component_version, fleet_name, is_edge, place_of
from tidegate.edge.rings import enrolled, ring_ends, shares_of, slots_for, widths
from tidegate.errors import InvalidValueError

ENDS = (1, 10, 100)


def test_steps_say_where_rings_end() -> None:
    """The last ring, to 100, is always there."""
    assert ring_ends([1, 10]) == ENDS
    assert widths(ENDS) == (1, 9, 90)


def test_shares_are_those_of_rings() -> None:
    """Of the slots that they were told."""
    assert shares_of(ENDS, ["green", "green", "blue"]) == {"green": 10, "blue": 90}
    assert shares_of(ENDS, ["blue"] * 3) == {"blue": 100}


@pytest.mark.parametrize(
    ("share", "slots"),
    [
        (0, ("blue", "blue", "blue")),
        (1, ("green", "blue", "blue")),
        (10, ("green", "green", "blue")),
        (100, ("green", "green", "green")),
    ],
)
def test_the_candidate_has_inner_rings(share: int, slots: tuple[str, ...]) -> None:
    """As far as its share goes; the live version keeps the others."""
    shares = {"blue": 100 - share, "green": share}
    assert slots_for(ENDS, shares, outermost="blue") == slots
    assert shares_of(ENDS, slots).get("green", 0) == share


def test_halves_go_to_whom_the_last_ring_has_not() -> None:
    """Equal shares say nothing of who is inside: what runs in the last ring does."""
    half = {"blue": 50, "green": 50}
    assert slots_for((50, 100), half, outermost="blue") == ("green", "blue")
    assert slots_for((50, 100), half, outermost="green") == ("blue", "green")


@pytest.mark.parametrize(
    "shares", [{"blue": 95, "green": 5}, {"blue": 0, "green": 0}, {"a": 1, "b": 9, "c": 90}]
)
def test_shares_that_rings_cannot_have_are_refused(shares: dict[str, int]) -> None:
    """Rings are whole: no share lies inside of one."""
    with pytest.raises(InvalidValueError):
        slots_for(ENDS, shares, outermost="blue")


@given(st.integers(min_value=1, max_value=400), st.integers(min_value=0, max_value=5))
def test_rings_are_filled_by_their_shares(devices: int, before: int) -> None:
    """Rounded up, so that the first ring has a device as soon as there is one."""
    counts = [0, 0, 0]
    for ring in enrolled((f"old-{n}" for n in range(before)), counts, ENDS).values():
        counts[ring - 1] += 1
    placed = enrolled((f"thing-{n}" for n in range(devices)), counts, ENDS)
    for ring in placed.values():
        counts[ring - 1] += 1
    total = devices + before
    assert len(placed) == devices
    assert counts[0] == -(-total // 100)
    assert counts[0] + counts[1] == -(-total * 10 // 100)


def test_who_is_inside_is_drawn_by_names() -> None:
    """The order in which names are given says nothing."""
    names = [f"thing-{n}" for n in range(200)]
    placed = enrolled(names, [0, 0, 0], ENDS)
    assert placed == enrolled(reversed(names), [0, 0, 0], ENDS)
    assert [name for name, ring in placed.items() if ring == 1] != names[:2]


def test_names_follow_from_the_place() -> None:
    """No endpoint of SageMaker can have a fleet's name."""
    name = fleet_name("shop-dev-eyes")
    assert (is_edge(name), place_of(name)) == (True, "shop-dev-eyes")
    assert not is_edge("shop-dev-eyes")
    assert not is_edge("service/shop-dev-eyes")


def test_component_versions_follow_from_digests() -> None:
    """Semantic versions without a leading zero, another for each digest."""
    assert component_version("0000001000000f00") == "1.1.15"
    assert component_version("ffffffffffffffff") == "1.268435455.268435455"
