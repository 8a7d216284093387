"""Health checks: what is refused, when checks change their mind, and one real look."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.route53.check_config import CheckConfig, CheckType, config_of, faults_of
from emulator.route53.checks import HealthChecker
from emulator.route53.probes import Look, Place, look_at

ENDPOINT = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 80}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"Type": "RECOVERY_CONTROL"}, "is not emulated"),
        ({"RequestInterval": 20}, "10 or 30, got 20"),
        ({"FailureThreshold": 11}, "1 to 10, got 11"),
        ({"IPAddress": "93.184.216.34"}, "must be a loopback one"),
        ({"IPAddress": None}, "is required"),
        ({"Type": "TCP", "Port": None}, "Port is required"),
        ({"Type": "HTTP_STR_MATCH"}, "SearchString is required"),
        ({"Type": "CLOUDWATCH_METRIC"}, "AlarmIdentifier is required"),
    ],
)
def test_a_check_that_cannot_run_is_refused(members: dict[str, Any], said: str) -> None:
    """The fault names the member, the value and what is allowed."""
    raw = {k: v for k, v in {**ENDPOINT, **members}.items() if v is not None}

    assert any(said in fault for fault in faults_of(raw))


def test_defaults_are_those_of_the_api() -> None:
    """Port by type, thirty seconds, three failures, the root path."""
    config = config_of({"Type": "HTTPS", "FullyQualifiedDomainName": "a.example.com"})

    assert (config.port, config.interval_seconds, config.failure_threshold, config.path) == (
        443,
        30,
        3,
        "/",
    )


@dataclass
class World:
    """A checker on a clock moved by hand, and what its looks will see."""

    seconds: float = 0.0
    seen: bool = True
    looks: int = 0
    alarm: str | None = None
    checker: HealthChecker = field(init=False)

    def __post_init__(self) -> None:
        """The checker asks this world for everything."""

        async def look(_config: CheckConfig, _place: Place) -> Look:
            self.looks += 1
            return Look(passed=self.seen, said="seen")

        self.checker = HealthChecker(
            now=lambda: self.seconds,
            locate=lambda _config: Place(address="127.0.0.1", port=80),
            alarm_state=lambda _region, _name: self.alarm,
            look=look,
        )

    def look_again(self, times: int = 1) -> bool:
        """Whether check `c` passes after that many intervals."""

        async def run() -> None:
            for _ in range(times):
                self.checker.tick()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                self.seconds += 30.0

        asyncio.run(run())
        return self.checker.passes("c")


@pytest.fixture
def world() -> World:
    """A world with one HTTP check `c`."""
    made = World()
    made.checker.know({"c": config_of(ENDPOINT)})
    return made


def test_a_check_fails_after_its_threshold_and_recovers_after_it(world: World) -> None:
    """Three looks in a row change it, either way; two do not."""
    assert world.checker.passes("c")
    world.seen = False
    assert world.look_again(2)
    assert not world.look_again()
    world.seen = True
    assert not world.look_again(2)
    assert world.look_again()


def test_a_look_that_agrees_starts_the_count_anew(world: World) -> None:
    """Failures must follow one another."""
    for seen in (False, False, True, False, False):
        world.seen = seen
        assert world.look_again()


def test_a_check_is_not_looked_at_before_it_is_due(world: World) -> None:
    """Several ticks within an interval make one look."""

    async def run() -> None:
        for _ in range(5):
            world.checker.tick()
            await asyncio.sleep(0)

    asyncio.run(run())
    assert world.looks == 1


def test_inverted_and_disabled_checks(world: World) -> None:
    """Inverted swaps the verdict; disabled is healthy and not looked at."""
    world.checker.know(
        {
            "i": config_of({**ENDPOINT, "Inverted": True}),
            "d": config_of({**ENDPOINT, "Disabled": True}),
            "x": config_of({**ENDPOINT, "Disabled": True, "Inverted": True}),
        }
    )

    assert [world.checker.passes(c) for c in "idx"] == [False, True, False]


def test_a_calculated_check_counts_its_children(world: World) -> None:
    """It passes while enough of them do."""
    children = {"ChildHealthChecks": ["c", "other"]}
    world.checker.know(
        {
            "c": config_of(ENDPOINT),
            "two": config_of({"Type": "CALCULATED", "HealthThreshold": 2, **children}),
            "three": config_of({"Type": "CALCULATED", "HealthThreshold": 3, **children}),
        }
    )

    assert world.checker.passes("two")
    assert not world.checker.passes("three")


@pytest.mark.parametrize(
    ("without_data", "then"), [("LastKnownStatus", False), ("Healthy", True), ("Unhealthy", False)]
)
def test_an_alarm_check_follows_its_alarm(*, without_data: str, then: bool) -> None:
    """ALARM fails, OK passes, no data is as configured."""
    world = World()
    alarm = {"AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}}
    raw = {"Type": "CLOUDWATCH_METRIC", **alarm, "InsufficientDataHealthStatus": without_data}
    world.checker.know({"c": config_of(raw)})
    verdicts = []
    for world.alarm in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        verdicts.append(world.checker.passes("c"))

    assert verdicts == [True, False, then]


@pytest.mark.parametrize(
    ("config", "answer", "passed"),
    [
        ({"type": CheckType.TCP}, b"", True),
        ({"type": CheckType.HTTP}, b"HTTP/1.1 204 No Content\r\n\r\n", True),
        ({"type": CheckType.HTTP}, b"HTTP/1.1 301 Moved\r\n\r\n", True),
        ({"type": CheckType.HTTP}, b"HTTP/1.1 503 Sorry\r\n\r\n", False),
        ({"type": CheckType.HTTP}, b"nonsense", False),
        (
            {"type": CheckType.HTTP_STR_MATCH, "search": "fine"},
            b"HTTP/1.1 200 OK\r\n\r\nI am fine",
            True,
        ),
        (
            {"type": CheckType.HTTP_STR_MATCH, "search": "fine"},
            b"HTTP/1.1 200 OK\r\n\r\nI am ill",
            False,
        ),
    ],
)
def test_one_look_at_a_real_endpoint(
    *, config: dict[str, Any], answer: bytes, passed: bool
) -> None:
    """TCP passes by connecting, HTTP by 2xx and 3xx, a match by the text in the body."""

    async def run() -> Look:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            writer.close()
            await reader.read()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await look_at(CheckConfig(**config), Place(address="127.0.0.1", port=port))

    assert asyncio.run(run()).passed is passed


def test_a_closed_port_is_a_failed_look() -> None:
    """Nothing raises; the look says why it failed."""
    config = CheckConfig(type=CheckType.TCP)

    seen = asyncio.run(look_at(config, Place(address="127.0.0.1", port=1)))

    assert (seen.passed, seen.said.startswith("Failure")) == (False, True)
