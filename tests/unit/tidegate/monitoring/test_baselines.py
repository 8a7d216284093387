"""Baselines: made as a stream, bins placed by rows that are not counted, read back whole."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import Baseline, read_baseline
from tidegate.monitoring.bins import OTHER, Bins, Kind, Place
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.seasons import Season

DAY = 86_400


def rows(count: int = 1_000) -> Iterator[Row]:
    """An amount, a class of two, and a code that looks like a number."""
    chance = random.Random(5)  # noqa: S311 - data, not secrets
    for number in range(count):
        yield {
            "amount": "" if number % 10 == 0 else f"{chance.gauss(50, 10):.2f}",
            "kind": chance.choice(["a", "a", "a", "b"]),
            "code": chance.choice(["100", "200"]),
            "day": number % 7,
        }


COLUMNS = Columns(names=("amount", "kind", "code"), categories=frozenset({"code"}))


def test_counted_rows_are_not_those_that_placed_the_bins() -> None:
    """A fifth places the bins, all others are counted, missing values too."""
    made = make_baseline(rows, COLUMNS)
    assert (made.rows, made.placing_rows) == (800, 200)
    (amount,) = made.features["amount"].cells
    assert amount.total == 800
    assert amount.missing / amount.total == pytest.approx(0.1, abs=0.03)
    assert made.features["amount"].bins.count == 10
    assert made.features["kind"].bins.categories == ("a", "b")
    assert made.features["code"].bins.kind is Kind.CATEGORY


def test_the_same_data_makes_the_same_bytes() -> None:
    """A baseline is a file in a repository."""
    assert make_baseline(rows, COLUMNS).text() == make_baseline(rows, COLUMNS).text()


def test_a_baseline_is_read_back_whole() -> None:
    """Counts, bins, seasons and the digest that tells it from others."""
    made = make_baseline(rows, COLUMNS)
    back = read_baseline(made.text())
    assert back == made
    assert back.digest == made.digest


def test_seasons_have_counts_of_their_own() -> None:
    """A row of the n-th day since 1970 counts in its weekday, which began with a Thursday."""
    columns = Columns(
        names=("kind",), season=Season.WEEKDAY, moment=lambda row: float(row["day"]) * DAY
    )
    made = make_baseline(rows, columns)
    totals = [cell.total for cell in made.features["kind"].cells]
    assert len(totals) == 7
    assert sum(totals) == made.rows
    assert min(totals) > 0


def test_data_that_makes_no_baseline_is_refused_with_every_fault() -> None:
    """Too few rows; columns that there are not, with those that there are."""
    with pytest.raises(InvalidValueError, match=r"10 rows.*at least 100"):
        make_baseline(lambda: rows(10), COLUMNS)
    with pytest.raises(InvalidValueError) as refused:
        make_baseline(rows, Columns(names=("x", "y")))
    assert [fault.split(",")[0] for fault in refused.value.faults] == [
        "no row has x",
        "no row has y",
    ]
    with pytest.raises(InvalidValueError, match="season is weekday"):
        make_baseline(rows, Columns(names=("kind",), season=Season.WEEKDAY))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 2}', '{"format": 1, "features": {}, "rows": 1}']
)
def test_a_file_that_is_no_baseline_is_refused(text: str) -> None:
    """Never a KeyError."""
    with pytest.raises(InvalidValueError):
        read_baseline(text)


def test_counts_that_cannot_be_are_refused() -> None:
    """A bin too many, and a count below zero."""
    made = make_baseline(rows, COLUMNS).to_json()
    made["features"]["kind"]["cells"][0][0].append(1)
    made["features"]["amount"]["cells"][0][1] = -1
    with pytest.raises(InvalidValueError) as refused:
        read_baseline(Baseline.from_json(made).text())
    assert len(refused.value.faults) == 2


NUMBERS = Bins(kind=Kind.NUMBER, edges=(10.0, 20.0), low=0.0, high=30.0)


@pytest.mark.parametrize(
    ("raw", "place", "strange"),
    [
        (10, 0, False),
        (10.1, 1, False),
        ("15", 1, False),
        (31, 2, True),
        (-1, 0, True),
        (None, Place.MISSING, False),
        ("", Place.MISSING, False),
        (float("nan"), Place.MISSING, False),
        (True, Place.INVALID, False),
        ("ten", Place.INVALID, False),
        ([1], Place.INVALID, False),
        (float("inf"), Place.INVALID, False),
    ],
)
def test_values_are_where_they_belong(raw: object, place: int | Place, strange: bool) -> None:  # noqa: FBT001
    """Edges belong to the bin below; what is no number is never 0."""
    assert NUMBERS.place(raw) == (place, strange)


def test_categories_that_were_rare_or_never_seen() -> None:
    """Both are of the last bin, and only the latter are strange."""
    bins = Bins(kind=Kind.CATEGORY, categories=("a",), known=frozenset({"a", "b"}))
    assert bins.place("a") == (0, False)
    assert bins.place("b") == (1, False)
    assert bins.place("c") == (1, True)
    assert bins.place({}) == (Place.INVALID, False)
    assert bins.name(1) == OTHER


@given(at=st.integers(0, 4_000_000_000))
def test_a_season_is_one_of_those_there_are(at: int) -> None:
    """Of every moment, and the same a week later."""
    for season in Season:
        assert 0 <= season.of(at) < season.cells
        assert season.of(at) == season.of(at + 7 * DAY)
