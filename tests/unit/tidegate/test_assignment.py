"""Users get their slots by hashing: sticky, in proportion, with as few moves as there can be."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tidegate.assignment import (
    Assignment,
    Why,
    allot,
    anonymous_client_of,
    assign,
    client_of,
    reallot,
    runs_of,
)
from tidegate.slots import ARMS
from tidegate.split import CELLS, Run, SplitDocument
from tidegate.strategies import Split

MANY = [f"user-{number}" for number in range(100_000)]
FEW = MANY[:4_000]
FAR_TAIL = 1e-6
"""A chi-square statistic beyond this point of its tail is no luck (the users are fixed, anyway)."""


def split(shares: Mapping[str, int], *, release_id: str = "r1", **changes: Any) -> SplitDocument:
    """A split that the router draws."""
    drawn = samples.split(3, release_id, shares=dict(shares), drawn_by=Split.ROUTER)
    return replace(drawn, **changes)


def slots(document: SplitDocument, users: list[str] = FEW) -> list[str]:
    """Where these users go."""
    return [assign(document, user).slot for user in users]


@st.composite
def shares_of(draw: st.DrawFn, arms: int | None = None) -> dict[str, int]:
    """Shares of two to ten arms that add up to 100; some may be zero."""
    count = draw(st.integers(2, len(ARMS))) if arms is None else arms
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1)))
    widths = [b - a for a, b in pairwise([0, *cuts, 100])]
    return dict(zip(ARMS, widths, strict=False))


def owners(runs: tuple[Run, ...]) -> list[str]:
    """Whose each cell is."""
    return [slot for slot, width in runs for _ in range(width)]


def half_l1(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Half the sum of all changes of shares: what has to move."""
    return sum(abs(after.get(s, 0) - before.get(s, 0)) for s in {*before, *after}) / 2


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Chance of a larger statistic (Wilson and Hilferty's approximation, 1931)."""
    z = ((statistic / degrees) ** (1 / 3) - 1 + 2 / (9 * degrees)) / math.sqrt(2 / (9 * degrees))
    return math.erfc(z / math.sqrt(2)) / 2


@given(changes=st.lists(shares_of(), min_size=2, max_size=6))
def test_exactly_half_the_change_moves_and_only_from_losers_to_winners(
    changes: list[dict[str, int]],
):
    """After any history of two to ten arms; arms may come and go."""
    runs = allot(changes[0])
    for before, after in pairwise(changes):
        following = reallot(runs, after)
        assert Counter(owners(following)) == Counter({s: n for s, n in after.items() if n > 0})
        moved = [(a, b) for a, b in zip(owners(runs), owners(following), strict=True) if a != b]
        assert len(moved) == half_l1(before, after)
        assert all(after.get(a, 0) < before.get(a, 0) for a, _ in moved)
        assert all(after.get(b, 0) > before.get(b, 0) for _, b in moved)
        runs = following


@given(before=shares_of(2), after=shares_of(2))
def test_two_slots_need_no_history(before: dict[str, int], after: dict[str, int]):
    """Cells in the order of the slots move no more than those made of the last ones."""
    moved = sum(a != b for a, b in zip(owners(allot(before)), owners(allot(after)), strict=True))
    assert moved == half_l1(before, after)


@given(shares=shares_of())
def test_unchanged_shares_move_nobody(shares: dict[str, int]):
    """Whatever runs they stand in."""
    runs = reallot(allot({"a": 50, "b": 50}), shares)
    assert owners(reallot(runs, shares)) == owners(runs)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"blue": 90, "green": 10}, {"blue": 50, "green": 50}),
        ({"a": 34, "b": 33, "c": 33}, {"a": 20, "b": 33, "c": 47}),
        (dict.fromkeys(ARMS, 10), {**dict.fromkeys(ARMS, 5), "j": 55}),
    ],
)
def test_of_100_000_users_as_many_move_as_have_to(before: dict[str, int], after: dict[str, int]):
    """Half the change, up to the luck of the hash; nobody leaves an arm that did not shrink."""
    runs = allot(before)
    one, other = split(before, runs=runs), split(after, runs=reallot(runs, after))
    moves = Counter(
        (a, b) for a, b in zip(slots(one, MANY), slots(other, MANY), strict=True) if a != b
    )
    due = half_l1(before, after) / 100
    spread = math.sqrt(due * (1 - due) / len(MANY))
    assert abs(moves.total() / len(MANY) - due) < 5 * spread
    assert all(after[a] < before[a] and after[b] > before[b] for a, b in moves)


@pytest.mark.parametrize(
    "shares",
    [
        {"blue": 99, "green": 1},
        {"a": 60, "b": 25, "c": 14, "d": 1},
        dict.fromkeys(ARMS, 10),
    ],
)
def test_shares_are_as_configured(shares: dict[str, int]):
    """Chi-square over 100,000 users."""
    counts = Counter(slots(split(shares, release_id="flights-20270115-1"), MANY))
    statistic = sum(
        (counts[s] - len(MANY) * n / 100) ** 2 / (len(MANY) * n / 100) for s, n in shares.items()
    )
    assert chi_square_tail(statistic, len(shares) - 1) > FAR_TAIL


def test_a_chi_square_of_shares_that_are_a_little_off_would_show():
    """The bound is no rubber stamp: one point too many is found."""
    counts = Counter(slots(split({"blue": 89, "green": 11}), MANY))
    due = {"blue": 0.9 * len(MANY), "green": 0.1 * len(MANY)}
    statistic = sum((counts[s] - n) ** 2 / n for s, n in due.items())
    assert chi_square_tail(statistic, 1) < FAR_TAIL


def test_experiments_are_independent():
    """Where a user is in one says nothing of where he is in the next: chi-square of the table."""
    shares = {"blue": 70, "green": 30}
    one = slots(split(shares, release_id="r1"), MANY)
    other = slots(split(shares, release_id="r2"), MANY)
    joint, rows, columns = Counter(zip(one, other, strict=True)), Counter(one), Counter(other)
    statistic = sum(
        (joint[a, b] - rows[a] * columns[b] / len(MANY)) ** 2 / (rows[a] * columns[b] / len(MANY))
        for a in rows
        for b in columns
    )
    assert chi_square_tail(statistic, 1) > FAR_TAIL


def test_the_holdout_gets_the_live_version_in_every_experiment_and_step():
    """The same users, about as many as configured, whatever the shares."""
    held: list[set[str]] = []
    for release_id, green in (("r1", 1), ("r1", 99), ("r2", 50)):
        document = split(
            {"blue": 100 - green, "green": green}, release_id=release_id, holdout_percent=5
        )
        found = {u for u in MANY if assign(document, u).why is Why.HOLDOUT}
        assert {assign(document, user).slot for user in found} == {"blue"}
        held.append(found)
    assert held[0] == held[1] == held[2]
    assert abs(len(held[0]) / len(MANY) - 0.05) < 5 * math.sqrt(0.05 * 0.95 / len(MANY))


def test_the_holdout_does_not_tilt_the_shares_of_the_others():
    """Its hash is its own."""
    document = split({"blue": 50, "green": 50}, holdout_percent=20)
    inside = [found for u in MANY if (found := assign(document, u)).why is Why.SHARE]
    green = sum(found.slot == "green" for found in inside) / len(inside)
    assert abs(green - 0.5) < 5 * math.sqrt(0.25 / len(inside))


@given(user=st.text(max_size=20), shares=shares_of(2))
def test_a_position_says_which_slot_it_is(user: str, shares: dict[str, int]):
    """In percent, along the runs: what `tidegate who` shows is what was done."""
    document = split(shares)
    found = assign(document, user)
    assert found.why is Why.SHARE
    assert 0 <= found.position < CELLS
    assert found.slot == owners(runs_of(document))[int(found.position)]


@given(user=st.text(max_size=20), green=st.lists(st.integers(0, 100), min_size=2, max_size=6))
def test_rising_shares_never_take_a_user_back(user: str, green: list[int]):
    """Who is with the candidate stays there through all steps."""
    path = [assign(split({"blue": 100 - n, "green": n}), user).slot for n in sorted(green)]
    assert path == sorted(path)


def test_what_a_user_gets_never_changes_with_the_program():
    """Another hash would move users by an upgrade: these come from `printf ... | sha256sum`."""
    client = client_of("flights", "ada")
    assert client == "93fbae1885343a0b"
    found = assign(split({"blue": 50, "green": 50}, holdout_percent=5), client)
    assert found == Assignment(
        slot="green",
        why=Why.SHARE,
        position=pytest.approx(80.42007316),
        holdout_position=pytest.approx(50.41160554),
    )


def test_a_name_and_a_cookie_of_the_same_letters_are_two_users():
    """And one user differs from model to model."""
    clients = {client_of("m", "x"), anonymous_client_of("m", "x"), client_of("n", "x")}
    assert len(clients) == 3


def test_runs_that_do_not_reach_all_cells_are_refused():
    """A user without a slot would be a silent loss."""
    broken = split({"blue": 100, "green": 0}, runs=(("blue", 0),))
    with pytest.raises(ValueError, match="100 cells, got 0"):
        assign(broken, "ada")
