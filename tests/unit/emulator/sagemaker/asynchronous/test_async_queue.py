"""Queues: nothing is lost when fleets close or fall asleep, and no instance gets too much."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker.asynchronous.metrics import AsyncMetrics
from emulator.sagemaker.asynchronous.processing import Processor
from emulator.sagemaker.asynchronous.queue import Queues
from emulator.sagemaker.metrics import Samples
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import EndpointView, VariantView
from emulator.sagemaker.serving.fleet import NoInstanceError
from emulator.sagemaker.serving.interface import FleetClosedError, InvokeRequest
from emulator.sagemaker.serving.wire import Answer

TENANT = Tenant("123456789012", "eu-west-1")
CONFIG = {
    "OutputConfig": {
        "S3OutputPath": "s3://answers/out",
        "S3FailurePath": "s3://answers/failed",
        "NotificationConfig": {"SuccessTopic": "good", "ErrorTopic": "bad"},
    },
    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
}


@dataclass(eq=False)
class Fleet:
    """A fleet that does what the test says; `failures` come before answers."""

    instance_count: int = 1
    status: int = 200
    failures: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most: int = 0
    execution_role_arn: str = "arn:aws:iam::123456789012:role/model"

    async def invoke(self, _request: bytes) -> Answer:
        """ModelFleet.invoke."""
        if self.failures:
            raise self.failures.pop(0)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        return Answer(status=self.status, headers={"content-type": "text/csv"}, body=b"answer")


@dataclass
class World:
    """An asynchronous endpoint, S3 and SNS in memory, and a clock."""

    fleet: Fleet = field(default_factory=Fleet)
    now: float = 1_000.0
    objects: dict[str, bytes] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)
    gone: bool = False

    def find(self, tenant: Tenant, name: str) -> EndpointView | None:
        """EndpointViews.find."""
        if self.gone or (tenant, name) != (TENANT, "e"):
            return None
        fleet: Any = self.fleet
        return EndpointView(
            name="e",
            arn="arn",
            status="InService",
            config_name="c",
            variants=(VariantView(name="blue", weight=1.0, fleet=fleet),),
            asynchronous=CONFIG,
        )

    def read(self, _role: str, _region: str, url: str) -> bytes:
        """Stores.read."""
        return self.objects[url]

    def write(self, _role: str, _region: str, url: str, *, body: bytes, **_more: Any) -> None:
        """Stores.write."""
        self.objects[url] = body

    def publish(self, _role: str, _region: str, topic: str, message: str) -> None:
        """Stores.publish."""
        self.told.append((topic, str(json.loads(message)["invocationStatus"])))

    def queues(self) -> Queues:
        """The queues of this world."""
        processor = Processor(
            stores=self, metrics=AsyncMetrics(publish=self.samples.append), now=lambda: self.now
        )
        return Queues(views=self, endpoints=lambda: (), processor=processor, now=lambda: self.now)

    def counted(self, metric: str) -> float:
        """The sum of a metric."""
        return sum(
            value * count
            for one in self.samples
            if one.metric == metric
            for value, count in one.counted.items()
        )


async def ask(queues: Queues, **headers: str) -> Mapping[str, str]:
    """One inline request; the headers of its answer."""
    named = {f"x-amzn-sagemaker-{name}": value for name, value in headers.items()}
    answer = await queues.invoke(
        InvokeRequest(tenant=TENANT, endpoint="e", headers=named, body=b"1")
    )
    assert answer.status == 202, answer.body
    return answer.headers


async def until(condition: Any) -> None:
    """The condition holds, within some seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a condition of many parts
            await asyncio.sleep(0.01)


def test_request_whose_fleet_closed_or_slept_is_asked_again():
    """It never reached a container: the next one answers it, and nothing failed."""
    world = World(fleet=Fleet(failures=[FleetClosedError("closed"), NoInstanceError("asleep")]))
    world.fleet.gate.set()

    async def story() -> None:
        queues = world.queues()
        headers = await ask(queues)
        await until(lambda: world.told)
        assert world.objects[headers["X-Amzn-SageMaker-OutputLocation"]] == b"answer"
        await queues.close()

    asyncio.run(story())
    assert world.told == [("good", "Completed")]
    assert world.counted("InvocationFailures") == 0


def test_instance_gets_no_more_at_once_than_it_may():
    """The others wait, and come when there is room."""
    world = World()

    async def story() -> None:
        queues = world.queues()
        for _ in range(5):
            await ask(queues)
        await until(lambda: world.fleet.under_way == 2)
        await asyncio.sleep(0.2)
        assert world.fleet.under_way == 2
        world.fleet.gate.set()
        await until(lambda: len(world.told) == 5)
        await queues.close()

    asyncio.run(story())
    assert world.fleet.most == 2
    assert world.counted("InvocationsProcessed") == 5


def test_request_that_waited_too_long_is_told_as_failed():
    """With a reason at the failure's place."""
    world = World(fleet=Fleet(instance_count=0))

    async def story() -> None:
        queues = world.queues()
        headers = await ask(queues, requestttlseconds="60")
        world.now += 61
        await until(lambda: world.told)
        place = headers["X-Amzn-SageMaker-FailureLocation"]
        assert world.objects[place] == b"The request expired in the queue."
        await queues.close()

    asyncio.run(story())
    assert world.told == [("bad", "Failed")]
    assert world.counted("ExpiredRequests") == 1


def test_failing_model_is_counted_by_its_status():
    """A failure of the model is a 5xx and a failed invocation; nothing is written as an answer."""
    world = World(fleet=Fleet(status=500))
    world.fleet.gate.set()

    async def story() -> None:
        queues = world.queues()
        headers = await ask(queues)
        await until(lambda: world.told)
        assert headers["X-Amzn-SageMaker-OutputLocation"] not in world.objects
        await queues.close()

    asyncio.run(story())
    assert (world.counted("Invocation5XXErrors"), world.counted("InvocationFailures")) == (1, 1)
    assert world.counted("InvocationsProcessed") == 0


def test_endpoint_that_is_gone_has_no_queue():
    """What waited goes with it, and its keeper ends."""
    world = World(fleet=Fleet(instance_count=0))

    async def story() -> int:
        queues = world.queues()
        await ask(queues)
        world.gone = True
        await until(lambda: len(asyncio.all_tasks()) == 1)
        return (
            await queues.invoke(InvokeRequest(tenant=TENANT, endpoint="e", headers={}, body=b"1"))
        ).status

    assert asyncio.run(story()) == 400
