"""Serverless variants: processes that start with requests, their limit, and how they end."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.sagemaker.ports import FleetUnhealthyError, OnDemand
from emulator.sagemaker.serving import on_demand
from emulator.sagemaker.serving.interface import FleetClosedError
from emulator.sagemaker.serving.on_demand import EndpointFleets, ServerlessFleet

SLOW = """
    import json, time
    def model_fn(model_dir): return None
    def input_fn(body, content_type): return json.loads(body)
    def predict_fn(data, model): time.sleep(data.get("seconds", 0)); return data
    def output_fn(prediction, accept): return json.dumps(prediction), accept
"""


class Hosted:
    """Serverless fleets in the data plane of all tests."""

    def __init__(self, serving: Any) -> None:
        self.serving = serving
        self.opened: list[ServerlessFleet] = []

    async def fleet(self, *, most: int = 2, provisioned: int = 0, **options: Any) -> Any:
        """A serverless fleet that serves as endpoint `reviews`."""
        options.setdefault("source", SLOW)
        spec = (await self.serving.fleet(instances=0, **options)).spec
        limits = OnDemand(max_concurrency=most, provisioned=provisioned)
        fleet = await EndpointFleets(fleets=self.serving.fleets).create(
            replace(spec, on_demand=limits)
        )
        self.opened.append(fleet)
        await fleet.wait_healthy()
        self.serving.publish(("blue", 1, fleet))
        return fleet


@pytest.fixture
def hosted(serving: Any) -> Iterator[Hosted]:
    """No process of a test outlives it."""
    made = Hosted(serving)
    yield made

    async def close() -> None:
        await asyncio.gather(*(fleet.close(drain_seconds=0.0) for fleet in made.opened))

    serving.run(close())


def test_requests_beyond_the_concurrency_are_refused_and_not_counted(hosted: Hosted) -> None:
    """Two are answered, each by a process of its own; the third gets 429, and AWS's code."""
    serving = hosted.serving

    async def story() -> list[Any]:
        await hosted.fleet(most=2)
        return list(await asyncio.gather(*(serving.invoke({"seconds": 0.4}) for _ in range(3))))

    answers = serving.run(story())
    assert sorted(answer.status for answer in answers) == [200, 200, 429]
    (refused,) = [answer for answer in answers if answer.status == 429]
    assert refused.headers["x-amzn-ErrorType"] == "ThrottlingException"
    records = serving.metrics.records
    assert [record.status for record in records] == [200, 200]
    used = [record.utilization["ServerlessConcurrentExecutionsUtilization"] for record in records]
    assert max(used) == 1.0


def test_only_the_request_that_waits_for_a_start_has_setup_time(hosted: Hosted) -> None:
    """One process is warm from creation; a second one is a cold start, within the overhead."""
    serving = hosted.serving

    async def story() -> None:
        await hosted.fleet(most=2)
        await asyncio.gather(*(serving.invoke({"seconds": 0.3}) for _ in range(2)))
        await serving.invoke()

    serving.run(story())
    cold = [r for r in serving.metrics.records if r.setup_microseconds is not None]
    assert len(cold) == 1
    assert 0 < cold[0].setup_microseconds <= cold[0].overhead_latency_microseconds
    assert len(serving.metrics.records) == 3


def test_idle_processes_end_and_the_next_request_starts_one(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scaled to zero, and back from it."""
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 1.5)
    serving = hosted.serving

    async def story() -> tuple[tuple[int, ...], int]:
        fleet = await hosted.fleet()
        before = fleet.instance_pids
        await serving.until(lambda: fleet.instance_pids == ())
        return before, (await serving.invoke()).status

    before, status = serving.run(story())
    assert len(before) == 1
    assert status == 200
    assert serving.metrics.records[0].setup_microseconds is not None


def test_provisioned_processes_stay(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long nobody asks; their share in use is told."""
    monkeypatch.setattr(on_demand, "IDLE_SECONDS", 1.5)
    serving = hosted.serving

    async def story() -> tuple[int, int]:
        fleet = await hosted.fleet(most=4, provisioned=2)
        ready = fleet.instance_count
        await asyncio.gather(*(serving.invoke({"seconds": 0.3}) for _ in range(3)))
        await serving.until(lambda: len(fleet.instance_pids) == 2)
        return ready, (await serving.invoke()).status

    assert serving.run(story()) == (2, 200)
    last = serving.metrics.records[-1]
    assert last.setup_microseconds is None
    assert last.utilization["ServerlessProvisionedConcurrencyUtilization"] == 0.5


def test_a_killed_process_is_replaced_for_the_next_request(hosted: Hosted) -> None:
    """The request does not see it."""
    serving = hosted.serving

    async def story() -> int:
        fleet = await hosted.fleet()
        os.kill(fleet.instance_pids[0], signal.SIGKILL)
        await serving.until(lambda: fleet.instance_count == 0)
        return int((await serving.invoke()).status)

    assert serving.run(story()) == 200


def test_a_model_that_does_not_start_fails_the_endpoint(hosted: Hosted) -> None:
    """A process is started at creation, although nobody has asked yet."""
    with pytest.raises(FleetUnhealthyError, match="did not pass the ping health check"):
        hosted.serving.run(hosted.fleet(source="raise RuntimeError('broken')"))


def test_a_closed_fleet_takes_no_request(hosted: Hosted) -> None:
    """The caller reads the view again."""

    async def story() -> None:
        fleet = await hosted.fleet()
        await fleet.close(drain_seconds=0.0)
        await fleet.lease()

    with pytest.raises(FleetClosedError):
        hosted.serving.run(story())


def test_a_large_body_is_refused(hosted: Hosted) -> None:
    """Serverless takes 4 MB, where instances take six."""
    serving = hosted.serving

    async def story() -> int:
        await hosted.fleet()
        return int((await serving.invoke("x" * 5_000_000)).status)

    assert serving.run(story()) == 413
