"""Duplicates, throttles and kills at any line: each input has one result, or is a dead letter."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ai_fakes import FakeDraws, FakeFiles, FakeServiceLedger, FakeTime, fake_ports
from tests.unit.tidegate.ai.simulated_queue import SimulatedQueue
from tidegate.ai.kind import Arrival, Arrived, Done, Kind, Progress, Rights, Waiting
from tidegate.ai.ledger import QueueTerms, WorkState
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ThrottledError
from tidegate.ai.work import Message, Worker

TERMS = QueueTerms(hidden_seconds=720, most_receives=5)


class Killed(BaseException):
    """The function is gone, at whatever line it was."""


@dataclass
class Fate:
    """What happens at each step, in the order in which steps are made; then nothing bad."""

    steps: Iterator[str]

    def step(self) -> None:
        """Goes on, or does not."""
        fate = next(self.steps, "well")
        if fate == "killed":
            raise Killed
        if fate == "throttled":
            raise ThrottledError(operation="x:Y", code="ThrottlingException", message="slow down")

    def survives(self) -> None:
        """Goes on, or is killed: what is no call is never throttled."""
        if next(self.steps, "well") == "killed":
            raise Killed


@dataclass
class FatefulFiles(FakeFiles):
    """Killed before or after a write."""

    fate: Fate = field(default_factory=lambda: Fate(iter(())))

    def write_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        """As a bucket."""
        self.fate.survives()
        written = super().write_once(key, content, content_type=content_type)
        self.fate.survives()
        return written


@dataclass
class FatefulLedger(FakeServiceLedger):
    """Killed before or after a write."""

    fate: Fate = field(default_factory=lambda: Fate(iter(())))

    def save_work(self, record: Any, *, after: Any) -> None:
        """As a table."""
        self.fate.survives()
        super().save_work(record, after=after)
        self.fate.survives()


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """None."""


def kind(fate: Fate) -> Kind:
    """Work of two looks, whose calls may be throttled or killed."""

    def begin(arrived: Arrived, _ports: ServicePorts) -> Progress:
        fate.step()
        if arrived.name.startswith("slow"):
            return Waiting(state={"job": arrived.work}, seconds=30)
        return Done(result={"name": arrived.name})

    def look(arrived: Arrived, state: Mapping[str, Any], _ports: ServicePorts) -> Progress:
        fate.step()
        assert state["job"] == arrived.work
        return Done(result={"name": arrived.name})

    return Kind(
        name="test",
        title="Test",
        job="Tests",
        settings=NoSettings,
        routes=(),
        door=lambda _settings, _place: Rights(),
        arrivals=(Arrival(prefix="files", says="", begin=begin, look=look),),
    )


@dataclass
class World:
    """A worker and its queue."""

    fates: list[str]

    def __post_init__(self) -> None:
        """Everything works on the same time and fate."""
        self.fate = Fate(iter(self.fates))
        self.clock = FakeTime()
        self.queue = SimulatedQueue(clock=self.clock, terms=TERMS)
        self.files = FatefulFiles(fate=self.fate)
        self.ledger = FatefulLedger(fate=self.fate)
        made = kind(self.fate)
        ports = replace(
            fake_ports(made),
            files=self.files,
            ledger=self.ledger,
            queue=self.queue,
            clock=self.clock,
        )
        self.worker = Worker(kind=made, ports=ports, terms=TERMS, draws=FakeDraws())

    def handle(self, message: Message) -> bool:
        """As the function does; a killed one has done with nothing."""
        try:
            return self.worker.run(message)
        except Killed:
            return False

    def put(self, name: str, *, sequencer: str) -> None:
        """S3 tells of a file."""
        described = {"key": f"in/files/{name}", "sequencer": sequencer, "size": 3}
        detail = {"bucket": {"name": "files"}, "object": described}
        event = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
        self.queue.send(event, delay_seconds=0)

    def results(self) -> list[str]:
        """The names of inputs that have a result."""
        found = [json.loads(content) for key, content in self.files.content.items()]
        return sorted(one["result"]["name"] for one in found)

    def carried(self) -> list[str]:
        """The inputs without a result that a dead letter carries."""
        works = {record.work: record for record in self.ledger.works.values()}
        names: list[str] = []
        for letter in self.queue.dead:
            key = letter.body.get("detail", {}).get("object", {}).get("key")
            key = works[letter.body["work"]].key if key is None else key
            names.append(key.removeprefix("in/files/"))
        return [name for name in names if name not in self.results()]


FATES = st.lists(st.sampled_from(["well", "well", "well", "killed", "throttled"]), max_size=120)
COPIES = st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=4)


@given(fates=FATES, copies=COPIES)
@settings(max_examples=300, deadline=None)
def test_every_input_has_one_result_or_is_a_dead_letter(
    fates: list[str], copies: list[int]
) -> None:
    """Whatever is throttled or killed, and however often S3 tells of a file."""
    world = World(fates)
    names = [f"{'slow' if number % 2 else 'fast'}-{number}" for number in range(len(copies))]
    for name, times in zip(names, copies, strict=True):
        for _ in range(times):
            world.put(name, sequencer=name)
    world.queue.run(world.handle)
    done = world.results()
    assert len(done) == len(set(done))
    assert sorted({*done, *world.carried()}) == sorted(names)


@given(fates=FATES, copies=COPIES)
@settings(max_examples=200, deadline=None)
def test_dead_letters_that_go_back_are_done(fates: list[str], copies: list[int]) -> None:
    """Once nothing fails any more, nothing was lost."""
    world = World(fates)
    names = [f"{'slow' if number % 2 else 'fast'}-{number}" for number in range(len(copies))]
    for name, times in zip(names, copies, strict=True):
        for _ in range(times):
            world.put(name, sequencer=name)
    world.queue.run(world.handle)
    world.fate.steps = iter(())
    world.queue.redrive()
    world.queue.run(world.handle)
    assert (world.results(), world.queue.dead) == (sorted(names), [])
    assert {record.state for record in world.ledger.works.values()} == {WorkState.DONE}


def test_a_file_put_again_is_work_again() -> None:
    """The same name with another sequencer has a result of its own."""
    world = World([])
    world.put("a", sequencer="1")
    world.put("a", sequencer="2")
    world.queue.run(world.handle)
    assert world.results() == ["a", "a"]


def test_nobody_works_on_what_nobody_knows() -> None:
    """A message of no kind is a dead letter for people to look at."""
    world = World([])
    world.queue.send({"what": "is this"}, delay_seconds=0)
    world.queue.run(world.handle)
    assert len(world.queue.dead) == 1
