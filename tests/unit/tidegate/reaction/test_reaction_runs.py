"""A run of a reaction: written down, begun once, told once; safe to kill at any line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.tidegate.monitoring.made import Killed
from tidegate.errors import ConflictError, ReleaseRefusedError
from tidegate.metrics import Metric
from tidegate.monitoring.shares import Family
from tidegate.reaction.decide import Around
from tidegate.reaction.memory import Act, Memory
from tidegate.reaction.plan import Action, ReactionPlan
from tidegate.reaction.ports import Remembered
from tidegate.reaction.run import ReactionRun, run_reaction

NOW = 2_000_000_000.0
PLAN = ReactionPlan(actions={Family.FEATURES: Action.RETRAIN, Family.OUTCOMES: Action.ROLL_BACK})


@dataclass(slots=True)
class MemoryOfActs:
    """Port `MemoryStore`; it dies before or after a write, by number."""

    memory: Memory = field(default_factory=Memory)
    version: int = 0
    dies_before: int | None = None
    dies_after: int | None = None

    def read(self) -> Remembered:
        """The newest memory."""
        return Remembered(memory=self.memory, mark=None if self.version == 0 else f"{self.version}")

    def write(self, remembered: Remembered) -> Remembered:
        """The memory is the newest; ConflictError where another was written since."""
        if self.version + 1 == self.dies_before:
            raise Killed
        if remembered.mark != self.read().mark:
            raise ConflictError("written by another run")
        self.memory, self.version = remembered.memory, self.version + 1
        if self.version == self.dies_after:
            raise Killed
        return self.read()


@dataclass(slots=True)
class World:
    """Surroundings, actor and teller in one."""

    view: dict[str, Any] | None
    around_: Around
    begun: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[Mapping[str, float]] = field(default_factory=list)

    def report(self) -> dict[str, Any] | None:
        """The view."""
        return self.view

    def around(self) -> Around:
        """What is live."""
        return self.around_

    def begin(self, act: Act) -> str:
        """The run of this token."""
        if self.refusal is not None:
            raise ReleaseRefusedError(self.refusal)
        return self.begun.setdefault(act.token, f"run-{len(self.begun) + 1}")

    def measure(self, metric: Metric) -> None:
        """Kept."""
        self.metrics.append(metric.values)

    def announce(self, detail: dict[str, Any]) -> None:
        """Kept."""
        self.events.append(detail)


def view(family: Family, *, refused: bool = True) -> dict[str, Any]:
    """A report with one finding."""
    finding = {"family": family.value, "feature": "x", "refused": refused}
    return {"at": NOW - 1, "baseline": {"digest": "b"}, "findings": [finding]}


@pytest.fixture
def world() -> World:
    """Data has drifted."""
    around = Around(model="m", live="v1", moved_at=NOW - 1e6)
    return World(view=view(Family.FEATURES), around_=around)


def run(world: World, store: MemoryOfActs, *, now: float = NOW) -> dict[str, Any]:
    """One run."""
    actors = {Action.RETRAIN: world, Action.ROLL_BACK: world}
    return run_reaction(
        ReactionRun(
            model="m",
            plan=PLAN,
            store=store,
            surroundings=world,
            actors=actors,
            teller=world,
            now=now,
        )
    )


def test_an_act_is_begun_remembered_and_told(world: World) -> None:
    """With what it is about, and what it began."""
    store = MemoryOfActs()
    told = run(world, store)
    assert (told["action"], told["made"]) == ("retrain", "run-1")
    assert told["findings"] == ["data drift: x"]
    assert store.memory.acts[0].made == "run-1"
    assert world.events == [told]
    assert world.metrics == [{"Reactions": 1.0, "ReactionsHeldBack": 0.0}]


def test_what_holds_an_act_back_is_told_once(world: World) -> None:
    """However often the schedule asks."""
    store = MemoryOfActs()
    world.around_ = replace(world.around_, open_release="r1")
    for _ in range(3):
        run(world, store)
    (told,) = world.events
    assert told["reason"] == "no retrain: release r1 is open"
    assert world.metrics[-1] == {"Reactions": 0.0, "ReactionsHeldBack": 1.0}
    assert store.version == 1


def test_steady_is_no_news(world: World) -> None:
    """Nothing is written, nothing announced."""
    store = MemoryOfActs()
    world.view = view(Family.FEATURES, refused=False)
    assert run(world, store)["reason"] == "nothing is found"
    assert (store.version, world.events) == (0, [])


@pytest.mark.parametrize("line", range(1, 4))
@pytest.mark.parametrize("side", ["dies_before", "dies_after"])
def test_killed_at_any_write_an_act_begins_once(world: World, line: int, side: str) -> None:
    """And is told at least once by the run that follows."""
    store = MemoryOfActs()
    setattr(store, side, line)
    with pytest.raises(Killed):
        run(world, store)
    store.dies_before = store.dies_after = None
    run(world, store, now=NOW + 60)
    assert len(world.begun) == 1
    (act,) = store.memory.acts
    assert act.made == "run-1"
    assert any(event["made"] == "run-1" for event in world.events)


def test_a_refused_way_back_counts_like_any_act(world: World) -> None:
    """It is not tried again and again."""
    store = MemoryOfActs()
    world.view, world.refusal = view(Family.OUTCOMES), "endpoint e is Updating"
    assert run(world, store)["made"] == "refused: endpoint e is Updating"
    assert run(world, store, now=NOW + 60)["action"] is None


@dataclass(slots=True)
class Overtaken(MemoryOfActs):
    """Another run writes the first thing that it decides just before this one does."""

    other: Any = None

    def write(self, remembered: Remembered) -> Remembered:
        """ConflictError, because the other run was first."""
        if self.other is not None:
            other, self.other = self.other, None
            other()
        return MemoryOfActs.write(self, remembered)


def test_two_runs_at_once_begin_one_act(world: World) -> None:
    """The later one leaves it to the other, and begins nothing."""
    store = Overtaken()
    store.other = lambda: run(world, store)
    told = run(world, store)
    assert (told["action"], told["made"]) == (None, None)
    assert told["reason"] == "another run of the reaction is under way"
    assert len(world.begun) == 1
    (act,) = store.memory.acts
    assert act.made == "run-1"
