"""Histories of the offline example: real flights first, then draws that can be made again."""

from pathlib import Path

from examples.flights.dataset import held_out_flights
from examples.offline.records import COLUMNS, history, row_of, write_history


def test_a_history_begins_with_the_flights_that_no_version_has_seen():
    """As they were."""
    flights = held_out_flights()[:50]

    assert list(history(50)) == [row_of(flight.features) for flight in flights]


def test_a_history_is_the_same_at_every_run():
    """Beyond the real flights, too."""
    count = len(held_out_flights()) + 200

    assert list(history(count)) == list(history(count))


def test_files_have_every_row_once_in_order(tmp_path: Path):
    """However many files there are; each row has its columns."""
    paths = write_history(tmp_path / "h", 101, files=4)

    lines = [line for path in paths for line in path.read_text().splitlines()]
    assert lines == list(history(101))
    assert {line.count(",") + 1 for line in lines} == {len(COLUMNS)}
