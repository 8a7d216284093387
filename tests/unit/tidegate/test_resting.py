"""When fleets sleep: nobody asked them for long, no release is open, and they are no newer."""

from dataclasses import dataclass, field

import pytest

from tests.fakes import FakeClock, FakeReleaseStore
from tests.samples import MODEL, declaration
from tidegate.ec2 import fleet_name
from tidegate.resting import Crew, Ports, rest_idle

NAME = fleet_name("demo-test-flights")
LIMIT = 3_600


@dataclass
class Cloud:
    """A fleet whose groups have been there for long; what is asked of it is kept."""

    crew_: Crew = field(default_factory=lambda: Crew(since=0.0, awake=True))
    asked: int = 0
    seen: list[tuple[str, float, float]] = field(default_factory=list)
    rested: list[str] = field(default_factory=list)

    def crew(self, endpoint_name: str) -> Crew:
        """Its groups."""
        assert endpoint_name == NAME
        return self.crew_

    def rest(self, endpoint_name: str) -> None:
        """It sleeps."""
        self.rested.append(endpoint_name)

    def demand(self, name: str, start: float, end: float) -> int:
        """How often it was asked."""
        self.seen.append((name, start, end))
        return self.asked


def decided(cloud: Cloud, store: FakeReleaseStore) -> str:
    """What becomes of the fleet."""
    ports = Ports(store=store, fleets=cloud, demand=cloud.demand, clock=FakeClock())
    return rest_idle(ports, {MODEL: LIMIT})[MODEL]


@pytest.fixture
def store() -> FakeReleaseStore:
    """The fleet was deployed."""
    made = FakeReleaseStore()
    made.put_declaration(declaration(endpoint_name=NAME))
    return made


def test_a_fleet_that_nobody_asked_sleeps(store: FakeReleaseStore):
    """All the time that counts was looked at."""
    cloud = Cloud()

    assert decided(cloud, store) == "sleeps now"
    assert cloud.rested == [NAME]
    now = FakeClock().now()
    assert cloud.seen == [(NAME, now - LIMIT, now)]


def test_one_request_keeps_it_awake(store: FakeReleaseStore):
    """However long ago, within the time."""
    cloud = Cloud(asked=1)

    assert decided(cloud, store) == "was asked 1 times"
    assert cloud.rested == []


def test_a_fleet_that_was_deployed_lately_stays_awake(store: FakeReleaseStore):
    """Its instances are there for what comes next."""
    cloud = Cloud(crew_=Crew(since=FakeClock().now() - LIMIT + 1, awake=True))

    assert decided(cloud, store) == "was deployed a short while ago"
    assert cloud.rested == []


def test_a_fleet_that_sleeps_is_left_alone(store: FakeReleaseStore):
    """Nothing is asked for again."""
    cloud = Cloud(crew_=Crew(since=0.0, awake=False))

    assert decided(cloud, store) == "sleeps"
    assert (cloud.rested, cloud.seen) == ([], [])


def test_no_fleet_sleeps_while_a_release_is_open(store: FakeReleaseStore):
    """The candidate may not have had its share yet."""
    cloud = Cloud()
    store._locks[MODEL] = "a-release"

    assert decided(cloud, store) == "a release is open"
    assert cloud.rested == []


def test_a_model_that_was_not_deployed_is_told():
    """The function is there before the first deploy of a model is over."""
    assert decided(Cloud(), FakeReleaseStore()) == "not deployed"
