"""Inference pipelines: containers in a row on one instance."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from emulator.sagemaker.serving.chains import Chain
from emulator.sagemaker.serving.containers import Container
from emulator.sagemaker.serving.wire import Answer, render

_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"

WORDS = """
    import json

    def model_fn(model_dir):
        print("in", model_dir.rsplit("/", 2)[-2])

    def input_fn(body, content_type):
        return json.loads(body)

    def predict_fn(data, model):
        return data + [len(data)]

    def output_fn(prediction, accept):
        return json.dumps(prediction), "application/json"
"""


@dataclass(eq=False)
class Part:
    """A container that answers what it is told to, and keeps what it was asked."""

    status: int = 200
    media_type: str = "text/csv"
    asked: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    health: int | None = 200
    over: bool = False
    pid: int = 1

    def __post_init__(self) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        """Whether it was not ended."""
        return not self.ended.done()

    async def ping(self) -> int | None:
        """Its health."""
        return self.health

    async def exchange(self, request: bytes) -> Answer:
        """Its answer: its body is how often it was asked."""
        head, _, body = request.partition(b"\r\n\r\n")
        pairs = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
        self.asked.append(({name.lower(): value for name, _, value in pairs}, body))
        headers = {"content-type": self.media_type}
        return Answer(status=self.status, headers=headers, body=body + b"+")

    async def end(self) -> None:
        """It is gone."""
        self.over = True


def chain(*parts: Part) -> Chain:
    """A chain of these."""
    return Chain([cast("Container", part) for part in parts])


def test_each_is_asked_what_the_one_before_answered() -> None:
    """With its media type; what the caller accepts and sends otherwise reaches whom it concerns."""

    async def story() -> None:
        first, middle, last = Part(media_type="text/a"), Part(media_type="text/b"), Part()
        headers = {
            "Content-Type": "text/0",
            "Accept": "text/z",
            "X-Amzn-SageMaker-Custom-Attributes": "a=1",
        }
        request = render("POST", "/invocations", headers, b"0")
        answer = await chain(first, middle, last).exchange(request)

        assert (answer.body, answer.headers["content-type"]) == (b"0+++", "text/csv")
        seen = [part.asked[0] for part in (first, middle, last)]
        assert [body for _, body in seen] == [b"0", b"0+", b"0++"]
        assert [head["content-type"] for head, _ in seen] == ["text/0", "text/a", "text/b"]
        assert [head["content-length"] for head, _ in seen] == ["1", "2", "3"]
        assert [head.get("accept") for head, _ in seen] == [None, None, "text/z"]
        assert {head[_ATTRIBUTES.lower()] for head, _ in seen} == {"a=1"}

    asyncio.run(story())


def test_an_error_ends_the_way() -> None:
    """The caller gets it as the container said it; the containers behind it are not asked."""

    async def story() -> None:
        first, last = Part(status=500), Part()
        answer = await chain(first, last).exchange(render("POST", "/invocations", {}, b""))

        assert answer.status == 500
        assert last.asked == []

    asyncio.run(story())


@pytest.mark.parametrize(("health", "told"), [(200, 200), (503, 503), (None, None)])
def test_it_is_as_healthy_as_its_sickest(health: int | None, told: int | None) -> None:
    """No instance takes requests before all its containers do."""

    async def story() -> None:
        assert await chain(Part(), Part(health=health)).ping() == told

    asyncio.run(story())


def test_it_ends_with_the_first_that_ends() -> None:
    """The instance is replaced as a whole."""

    async def story() -> None:
        first, last = Part(), Part()
        both = chain(first, last)
        last.ended.set_result(9)
        await asyncio.sleep(0)

        assert await both.ended == 9
        assert not both.alive
        await both.end()
        assert (first.over, last.over) == (True, True)

    asyncio.run(story())


def test_real_containers_answer_in_a_row(serving: Any) -> None:
    """Each process is asked by the one before it, and writes a log of its own."""

    async def story() -> None:
        fleet = await serving.fleet("blue", source=WORDS, series=3)
        await fleet.wait_healthy()
        serving.publish(("blue", 1.0, fleet))
        response = await serving.invoke([])
        assert response.status == 200
        assert json.loads(response.body) == [0, 1, 2]
        assert len(fleet.instance_pids) == 3
        streams = {lines.stream.rpartition("/")[2] for lines in serving.logs}
        assert streams == {"container-1", "container-2", "container-3"}

    serving.run(story())
