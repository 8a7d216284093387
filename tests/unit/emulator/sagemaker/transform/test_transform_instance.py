"""One instance at work: order, concurrency, memory, retries, ends in the middle."""

import asyncio
import io
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.serving.fleet import InvocationTimeoutError
from emulator.sagemaker.serving.wire import Answer, BrokenAnswerError
from emulator.sagemaker.transform import instance
from emulator.sagemaker.transform.failures import JobFailedError
from emulator.sagemaker.transform.instance import Instance, Surroundings
from emulator.sagemaker.transform.naming import InputObject, Location
from emulator.sagemaker.transform.recipe import (
    Assembly,
    Compression,
    DataType,
    Recipe,
    Split,
    Strategy,
)

RECIPE = Recipe(
    data_type=DataType.PREFIX,
    source=Location("in", ""),
    compression=Compression.NONE,
    split=Split.LINE,
    strategy=Strategy.SINGLE,
    output=Location("out", "o"),
    assembly=Assembly.NONE,
    kms_key_id=None,
    headers={"Content-Type": "text/csv"},
    max_payload_bytes=8,
    concurrency=1,
    instance_count=1,
    timeout_seconds=5.0,
    retries=3,
)


@dataclass
class Place:
    """S3, a container and a log in memory; `behave` is what the container does with a payload."""

    inputs: dict[str, bytes]
    behave: Callable[[bytes], Awaitable[bytes]]
    outputs: dict[str, bytes] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    asked: Counter[bytes] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0
    readable: frozenset[str] | None = None
    instance_count: int = 1
    thread_turns: int = 1
    """Turns of the event loop that anything in a thread takes."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject of a range."""
        body = self.inputs[request["Key"]]
        if self.readable is not None and request["Key"] not in self.readable:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
        if not body:
            raise ClientError({"Error": {"Code": "InvalidRange", "Message": ""}}, "GetObject")
        start, end = request["Range"].removeprefix("bytes=").split("-")
        part = body[int(start) : int(end) + 1]
        return {
            "Body": io.BytesIO(part),
            "ETag": "e",
            "ContentRange": f"bytes {start}-{end}/{len(body)}",
        }

    def put_object(self, **request: Any) -> None:
        """PutObject."""
        self.outputs[request["Key"]] = request["Body"]

    async def invoke(self, request: bytes) -> Answer:
        """The container: what `behave` returns, with 200 unless it says otherwise."""
        payload = request.partition(b"\r\n\r\n")[2]
        self.asked[payload] += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            body = await self.behave(payload)
        finally:
            self.under_way -= 1
        status = 400 if body == b"refused" else 500 if body == b"broken" else 200
        return Answer(status=status, headers={}, body=body)

    async def transform(self, recipe: Recipe) -> list[JobFailedError]:
        """What became of all objects."""

        async def in_thread(work: Callable[[], Any]) -> Any:
            for _ in range(self.thread_turns):
                await asyncio.sleep(0)
            return work()

        around = Surroundings(client=self, role_arn="role", in_thread=in_thread)
        objects = [InputObject("in", key, key) for key in self.inputs]
        return await Instance(recipe, around, fleet=self, log=self.lines.extend).transform(objects)

    def run(self, **members: Any) -> list[JobFailedError]:
        """The failures of a run with a recipe that differs so."""
        recipe = replace(RECIPE, **members)
        return asyncio.run(asyncio.wait_for(self.transform(recipe), 30))


async def echo(payload: bytes) -> bytes:
    """Answers as it was asked."""
    return payload


def failing(*answers: Any) -> Callable[[bytes], Awaitable[bytes]]:
    """Gives, or raises, one after the other, and then echoes."""
    left = list(answers)

    async def behave(payload: bytes) -> bytes:
        answer = left.pop(0) if left else payload
        if isinstance(answer, Exception):
            raise answer
        return bytes(answer)

    return behave


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.sampled_from([b"1\n", b"22\n", b"333\n"]), max_size=30).map(b"".join),
        min_size=1,
    ),
    st.integers(1, 4),
    st.sampled_from(list(Strategy)),
    st.randoms(use_true_random=False),
)
def test_outputs_are_in_the_order_of_their_inputs(
    inputs: dict[str, bytes], concurrency: int, strategy: Strategy, chance: Any
):
    """However long each answer takes, and never with more requests than allowed."""

    async def dawdle(payload: bytes) -> bytes:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        return payload

    place = Place(inputs, dawdle)
    assert place.run(concurrency=concurrency, strategy=strategy) == []
    assert place.outputs == {f"o/{key}.out": body for key, body in inputs.items()}
    assert place.most_under_way <= concurrency


def test_requests_of_several_objects_share_the_limit():
    """Unsplit objects are asked about at the same time, up to the limit."""
    gate = asyncio.Event()

    async def wait_for_three(payload: bytes) -> bytes:
        if place.under_way == 3:
            gate.set()
        await gate.wait()
        return payload

    place = Place(dict.fromkeys("abcdef", b"x"), wait_for_three)
    assert place.run(split=Split.NONE, strategy=Strategy.MULTI, concurrency=3) == []
    assert place.most_under_way == 3


def test_answers_are_assembled_by_lines():
    """Line ends every answer with a newline, None adds nothing."""
    for assembly, text in ((Assembly.LINE, b"ok\nok\n"), (Assembly.NONE, b"okok")):
        place = Place({"a": b"1\n2\n"}, failing(b"ok", b"ok"))
        assert place.run(assembly=assembly) == []
        assert place.outputs == {"o/a.out": text}


@pytest.mark.parametrize(
    "trouble", [b"broken", BrokenAnswerError("gone"), InvocationTimeoutError(), ConnectionError()]
)
def test_trouble_of_the_container_is_tried_again(trouble: Any):
    """Three times after the first, with the same payload."""
    place = Place({"a": b"1\n"}, failing(trouble, trouble, trouble))
    assert place.run() == []
    assert place.asked[b"1\n"] == 4


@pytest.mark.parametrize(
    ("trouble", "reason", "line"),
    [
        (b"broken", "ClientError", "in/a: Bad HTTP status received from algorithm: 500"),
        (ConnectionError("gone"), "AlgorithmError", "Unable to get response from algorithm: gone"),
        (InvocationTimeoutError(), "AlgorithmError", "none came in 5 seconds"),
    ],
)
def test_trouble_that_does_not_end_fails_the_object(trouble: Any, reason: str, line: str):
    """No output of it, the reason and the log say what was."""
    place = Place({"a": b"1\n"}, failing(*[trouble] * 3))
    (failure,) = place.run(retries=2)
    assert str(failure) == f"{reason}: See job logs for more information"
    assert any(line in written for written in place.lines)
    assert (place.outputs, place.asked[b"1\n"]) == ({}, 3)


def test_a_refusal_is_not_tried_again():
    """4xx is an answer: the same payload would get it again."""
    place = Place({"a": b"1\n"}, failing(b"refused"))
    (failure,) = place.run()
    assert str(failure).startswith("ClientError")
    assert place.asked[b"1\n"] == 1
    assert "in/a: refused" in place.lines


def test_no_retries_are_no_retries():
    """InvocationsMaxRetries 0."""
    place = Place({"a": b"1\n"}, failing(b"broken"))
    assert len(place.run(retries=0)) == 1


def test_one_bad_object_does_not_stop_the_others():
    """The developer guide: processed files still generate usable results."""

    async def behave(payload: bytes) -> bytes:
        return b"refused" if payload == b"bad\n" else payload

    inputs = {"a": b"1\n2\nbad\n4\n", "b": b"5\n", "c": b"too long a line\n", "d": b""}
    place = Place(inputs, behave)
    failures = place.run(concurrency=2)
    assert len(failures) == 2
    assert place.outputs == {"o/b.out": b"5\n", "o/d.out": b""}
    assert any("in/c: Too much data for max payload size" in line for line in place.lines)


def test_what_s3_refuses_is_told_with_the_object():
    """The operation, the object, the role and S3's own words."""
    place = Place({"a": b"1\n"}, echo, readable=frozenset())
    (failure,) = place.run()
    assert str(failure) == (
        "ClientError: GetObject of s3://in/a as role was refused: AccessDenied: no"
    )


def test_a_container_that_is_replaced_is_waited_for():
    """Nobody is asked while no container is healthy."""

    async def behave(payload: bytes) -> bytes:
        if place.asked[payload] == 1:
            place.instance_count = 0
            asyncio.get_running_loop().call_later(0.05, setattr, place, "instance_count", 1)
            raise BrokenAnswerError("killed")
        assert place.instance_count == 1
        return payload

    place = Place({"a": b"1\n"}, behave)
    assert place.run() == []
    assert place.outputs == {"o/a.out": b"1\n"}


def test_a_container_that_does_not_come_back_fails_the_object(monkeypatch: pytest.MonkeyPatch):
    """After a while, whatever tries are left."""
    monkeypatch.setattr(instance, "RECOVERY_SECONDS", 0.01)
    place = Place({"a": b"1\n"}, echo, instance_count=0)
    (failure,) = place.run()
    assert str(failure) == "AlgorithmError: See job logs for more information"
    assert any("was not back in 0.01 seconds" in line for line in place.lines)
    assert place.asked == {}


def test_no_more_is_read_than_is_asked_about():
    """While an answer is awaited, one group beside it is read and no other."""
    reads: list[int] = []
    hold = asyncio.Event()

    async def behave(payload: bytes) -> bytes:
        await hold.wait()
        return payload

    place = Place({"a": b"1234567\n" * 50}, behave)

    async def story() -> None:
        running = asyncio.create_task(place.transform(replace(RECIPE, concurrency=2)))
        for _ in range(200):
            await asyncio.sleep(0)
        reads.append(sum(place.asked.values()))
        hold.set()
        assert await running == []

    asyncio.run(story())
    assert reads == [2]


def test_a_job_that_is_stopped_leaves_no_task():
    """Everything under way ends with it, and no output is there."""
    hold, both = asyncio.Event(), asyncio.Event()

    async def behave(_payload: bytes) -> bytes:
        if place.under_way == 2:
            both.set()
        await hold.wait()
        raise AssertionError("it went on")

    place = Place({"a": b"1\n2\n3\n", "b": b"4\n"}, behave)

    async def story() -> None:
        running = asyncio.create_task(place.transform(replace(RECIPE, concurrency=2)))
        await both.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())
    assert (place.outputs, place.under_way) == ({}, 0)


def test_the_next_object_is_asked_about_while_the_last_one_is_written():
    """The model does not wait for S3; never are more requests under way than allowed."""
    seen: list[str] = []

    async def behave(payload: bytes) -> bytes:
        seen.append(f"asked {payload.decode().strip()}")
        for _ in range(100):
            await asyncio.sleep(0)
        return payload

    class Slow(Place):
        def put_object(self, **request: Any) -> None:
            seen.append(f"written {request['Key']}")
            super().put_object(**request)

    place = Slow({"a": b"1\n", "b": b"2\n", "c": b"3\n"}, behave, thread_turns=20)
    assert place.run() == []
    assert place.outputs == {"o/a.out": b"1\n", "o/b.out": b"2\n", "o/c.out": b"3\n"}
    assert [one for one in seen if one.startswith("asked")] == ["asked 1", "asked 2", "asked 3"]
    assert seen.index("asked 2") < seen.index("written o/a.out")
    assert place.most_under_way == 1
