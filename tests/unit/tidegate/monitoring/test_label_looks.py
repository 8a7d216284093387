"""Scores wait for their labels, are judged once, and are forgotten."""

import json
from dataclasses import replace

import pytest

from tests.unit.tidegate.monitoring.made import MemoryFiles, MemoryStore
from tests.unit.tidegate.monitoring.worlds import (
    PLAN,
    MemoryLabels,
    Traffic,
    captured_scores,
    made,
)
from tidegate.monitoring.look import HOUR_SECONDS, LookPorts, look
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.verdict import verdict_of
from tidegate.monitoring.waiting import Waiting
from tidegate.outcomes import KEPT_BEYOND_WINDOW_SECONDS

START = 1_767_600_000  # 2026-01-05 08:00 UTC, a whole hour
HOUR = START // HOUR_SECONDS
WATCHED = made()


def moment(hour: int) -> str:
    """Within an hour after the start, as captures say it."""
    day, hour = divmod(8 + hour, 24)
    return f"2026-01-{5 + day:02}T{hour:02}:30:00Z"


class Shop:
    """A store, captures and labels; `hour` asks and labels, `look` looks."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.store, self.files, self.labels = MemoryStore(), MemoryFiles(), MemoryLabels()
        self.now = float(START)

    def hour(self, number: int, traffic: Traffic, *, requests: int = 300) -> None:
        """An hour's requests are captured, and looked at when all their labels can have come."""
        lines = captured_scores(
            traffic.rows(requests), self.labels, at=moment(number), name=f"hour {number}"
        )
        self.files.lines_of[HOUR + number, f"{number}"] = lines
        self.look(START + (number + 1) * HOUR_SECONDS + 700)

    def look(self, now: float) -> MonitorState:
        """The state after a look."""
        self.now = now
        stored, _ = look(
            LookPorts(store=self.store, files=self.files, now=now, labels=self.labels), WATCHED
        )
        return stored.state

    @property
    def state(self) -> MonitorState:
        """What is stored."""
        stored = self.store.read()
        assert stored is not None
        return stored.state

    def refused(self) -> set[str]:
        """What is found."""
        return {one.feature for one in verdict_of(self.state, WATCHED).refused}


def test_steady_scores_and_labels_are_no_finding() -> None:
    """Twenty hours of traffic like the evaluation's."""
    shop, traffic = Shop(), Traffic()
    for number in range(20):
        shop.hour(number, traffic)
    assert shop.refused() == set()
    quality = shop.state.quality
    assert (quality.offered, quality.kept, quality.labelled) == (6_000, 6_000, 6_000)
    assert len(quality.points) == 20
    assert all(point.auc is not None and point.auc > 0.8 for point in quality.points)


def test_a_slice_that_decays_is_found_and_the_others_are_not() -> None:
    """Labels of one city become the contrary: its own quality tells, and who else is right."""
    shop = Shop()
    for number in range(5):
        shop.hour(number, Traffic(seed=number))
    for number in range(5, 12):
        shop.hour(number, Traffic(seed=number, broken=("oslo",)))
    found = shop.refused()
    assert {"city = oslo (ranking)", "city = oslo (errors)", "city = oslo (calibration)"} <= found
    assert not [one for one in found if "bonn" in one or "graz" in one]
    ranking = next(
        one
        for one in verdict_of(shop.state, WATCHED).findings
        if one.feature.startswith("city = o")
    )
    assert ranking.since >= START + 5 * HOUR_SECONDS


def test_scores_are_forgotten_with_their_window() -> None:
    """While labels may come a digest and a score are kept; then counts only."""
    shop = Shop()
    lines = captured_scores(Traffic().rows(50), shop.labels, at=moment(0), name="first")
    shop.files.lines_of[HOUR, "a"] = lines
    state = shop.look(START + HOUR_SECONDS + 100)
    (waiting,) = state.quality.waiting.values()
    assert len(waiting.kept) == 50
    assert "oslo" not in json.dumps(waiting.to_json()["kept"])
    assert shop.labels.asked == []

    state = shop.look(START + HOUR_SECONDS + 700)
    assert state.quality.waiting == {}
    assert shop.labels.asked == [50]
    assert shop.look(START + HOUR_SECONDS + 800).quality.labelled == 50
    assert shop.labels.asked == [50]


def test_labels_that_never_came_say_nothing() -> None:
    """Of labels, only those that came are counted."""
    shop = Shop()
    shop.files.lines_of[HOUR, "a"] = captured_scores(
        Traffic().rows(50), shop.labels, at=moment(0), name="first"
    )
    shop.labels.told = dict(list(shop.labels.told.items())[:20])
    state = shop.look(START + HOUR_SECONDS + 700)
    assert (state.quality.kept, state.quality.labelled) == (50, 20)


def test_what_is_judged_too_late_is_told_and_not_guessed() -> None:
    """The ledger may have forgotten: no label would look like none that came."""
    shop = Shop()
    shop.files.lines_of[HOUR, "a"] = captured_scores(
        Traffic().rows(50), shop.labels, at=moment(0), name="first"
    )
    shop.look(START + 100)
    state = shop.look(START + 600 + KEPT_BEYOND_WINDOW_SECONDS + 1)
    assert (state.quality.lapsed, state.quality.labelled, shop.labels.asked) == (50, 0, [])


def test_requests_without_an_id_or_with_several_records_do_not_wait() -> None:
    """Nobody could say whose label came."""
    shop = Shop()
    (line,) = captured_scores(Traffic().rows(1), shop.labels, at=moment(0), name="first")
    document = json.loads(line)
    nameless = {**document, "eventMetadata": {"inferenceTime": moment(0)}}
    several = json.loads(line)
    several["captureData"]["endpointInput"]["data"] = json.dumps([{"x": 1}, {"x": 2}])
    strange = json.loads(line)
    strange["captureData"]["endpointOutput"]["data"] = json.dumps({"score": 7})
    shop.files.lines_of[HOUR, "a"] = [json.dumps(one) for one in (nameless, several, strange)]
    (waiting,) = [*shop.look(START + 100).quality.waiting.values(), Waiting(most=1)][:1]
    assert waiting.kept == {}


def test_slices_of_another_plan_are_not_mistaken() -> None:
    """A plan that cuts otherwise counts what waited for all traffic only."""
    shop = Shop()
    shop.files.lines_of[HOUR, "a"] = captured_scores(
        Traffic().rows(50), shop.labels, at=moment(0), name="first"
    )
    shop.look(START + 100)
    other = made(replace(PLAN, slices=()))
    stored, _ = look(
        LookPorts(
            store=shop.store,
            files=shop.files,
            now=START + HOUR_SECONDS + 700,
            labels=shop.labels,
        ),
        other,
    )
    ((_, counts),) = stored.state.quality.recent
    assert list(counts) == [""]


@pytest.mark.parametrize("dies", [1, 2, 3])
def test_a_death_counts_no_label_twice(dies: int) -> None:
    """Before or after a write: the next run makes up for it."""
    shop = Shop()
    shop.files.lines_of[HOUR, "a"] = captured_scores(
        Traffic().rows(50), shop.labels, at=moment(0), name="first"
    )
    shop.look(START + 100)
    kept = shop.store.text
    shop.look(START + HOUR_SECONDS + 700)
    if dies == 1:
        # The write did not happen: all of it is done again.
        shop.store.text = kept
    for _ in range(dies):
        state = shop.look(START + HOUR_SECONDS + 700 + dies)
    assert state.quality.labelled == 50
    assert len(state.quality.points) == 1


def test_a_state_from_before_labels_were_joined_goes_on() -> None:
    """Its evidence is kept; labels are waited for from then on."""
    shop = Shop()
    shop.look(START + 100)
    assert shop.store.text is not None
    old = {k: v for k, v in json.loads(shop.store.text).items() if k != "quality"}
    shop.store.text = json.dumps(old)
    shop.hour(0, Traffic(), requests=20)
    assert shop.state.quality.labelled == 20
