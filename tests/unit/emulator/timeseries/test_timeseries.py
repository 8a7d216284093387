"""Periods, regular series, and their forecasts."""

from datetime import UTC, datetime

import pytest

from emulator.timeseries.engine import Backtest, backtest, forecast
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.series import Columns, SeriesSet, rows_of

DAY = datetime(2026, 3, 18, 13, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("Y", "2026-01-01T00:00"),
        ("M", "2026-03-01T00:00"),
        ("3M", "2026-01-01T00:00"),
        ("W", "2026-03-16T00:00"),
        ("D", "2026-03-18T00:00"),
        ("6H", "2026-03-18T12:00"),
        ("15min", "2026-03-18T13:30"),
    ],
)
def test_a_moment_is_in_the_period_that_began_last(text: str, start: str):
    """Weeks begin on Mondays."""
    frequency = Frequency.of(text)
    index = frequency.index(DAY)
    assert frequency.start(index).isoformat(timespec="minutes") == f"{start}+00:00"
    assert frequency.index(frequency.start(index)) == index
    assert frequency.start(index) <= DAY < frequency.start(index + 1)


@pytest.mark.parametrize("text", ["", "0D", "month", "1S"])
def test_what_is_no_frequency_is_refused(text: str):
    """With what is allowed."""
    with pytest.raises(ValueError, match="a frequency is"):
        Frequency.of(text)


def test_seasons_are_counted_in_periods():
    """A day has 24 hours, or four times six of them."""
    assert Frequency.of("H").seasons == (24.0, 168.0)
    assert Frequency.of("6H").seasons == (4.0, 28.0)
    assert Frequency.of("Y").seasons == ()


COLUMNS = Columns(timestamp="at", target="sold", dimensions=("item",))


def test_rows_become_regular_series():
    """Summed by period, empty ones zero, all ending in the same one."""
    file = (
        b"item,at,sold\na,2026-01-05,1\na,2026-01-20 10:00:00,2\nb,2026-03-01,4\na,2026-03-09,8\n"
    )
    series = SeriesSet.of(rows_of(file, COLUMNS), Frequency.of("M"))
    assert series.values == {("a",): [3.0, 0.0, 8.0], ("b",): [4.0]}
    assert [moment.month for moment in series.future(2)] == [4, 5]
    assert series.longest == 3


def test_a_file_may_have_no_header():
    """Its columns are named by the schema then; a header that says the same is none of its rows."""
    names = ["item", "at", "sold"]
    rows = list(rows_of(b"item,at,sold\na,2026-01-05,1\n", COLUMNS, names))
    assert rows == list(rows_of(b"a,2026-01-05,1\n", COLUMNS, names))


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (b"item,at\na,2026-01-01\n", "no column sold"),
        (b"item,at,sold\na,soon,1\n", "line 2: a time is"),
        (b"item,at,sold\na,2026-01-01,many\n", "line 2: the target"),
    ],
)
def test_the_first_wrong_line_is_named(file: bytes, fault: str):
    """By its number and what it should be."""
    with pytest.raises(ValueError, match=fault):
        list(rows_of(file, COLUMNS))


YEAR = [10.0, 12.0, 15.0, 20.0, 26.0, 30.0, 31.0, 28.0, 22.0, 16.0, 12.0, 40.0]
TYPES = ("0.1", "0.5", "0.9", "mean")


def test_a_season_on_a_trend_goes_on():
    """Without noise every quantile is the value itself."""
    values = [value + place for place, value in enumerate(YEAR * 4)]
    found = forecast(values, last=47, horizon=12, types=TYPES, seasons=(12.0,))
    expected = [value + 48 + place for place, value in enumerate(YEAR)]
    for kind in TYPES:
        assert found[kind] == pytest.approx(expected, rel=1e-6)


def test_quantiles_are_in_order_and_demand_is_never_negative():
    """Whatever the history, here one that ran out."""
    values = [max(0.0, 30.0 - place + 3.0 * ((place * 7) % 5)) for place in range(40)]
    found = forecast(values, last=39, horizon=10, types=TYPES, seasons=(12.0,))
    for low, middle, high in zip(found["0.1"], found["0.5"], found["0.9"], strict=True):
        assert 0.0 <= low <= middle <= high


def test_a_backtest_predicts_what_was_known():
    """Of the series that are long enough."""
    values = [value + place for place, value in enumerate(YEAR * 4)]
    tested = backtest([values, [1.0, 2.0]], last=47, horizon=12, types=TYPES, seasons=(12.0,))
    assert len(tested.actual) == 1
    metrics = tested.metrics(TYPES)
    assert metrics["WAPE"] == pytest.approx(0.0, abs=1e-6)
    assert set(metrics) >= {"RMSE", "MAPE", "MASE", "wQL[0.1]", "AverageWeightedQuantileLoss"}


def test_losses_are_as_forecast_defines_them():
    """2 * pinball loss by the sum of what was sold; a quantile that is too low costs its share."""
    tested = Backtest(
        actual=[[10.0, 10.0]],
        predicted=[{"0.9": [8.0, 12.0], "0.5": [8.0, 12.0]}],
        naive_errors=[4.0],
    )
    metrics = tested.metrics(("0.5", "0.9"))
    assert metrics["WAPE"] == pytest.approx(0.2)
    assert metrics["MASE"] == pytest.approx(0.5)
    assert metrics["RMSE"] == pytest.approx(2.0)
    assert metrics["wQL[0.9]"] == pytest.approx(2 * (0.9 * 2 + 0.1 * 2) / 20)
