import base64
import gzip
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emulator.logs import ATTEMPTS, BATCH_EVENTS, Deliverer, Destination, Event

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:sink"


def _destination(stream: str = "s") -> Destination:
    return Destination(
        owner="000000000000",
        log_group="/aws/lambda/source",
        log_stream=stream,
        filter_name="f",
        function_arn=FUNCTION,
    )


class Sink:
    """A function that records what it is invoked with and fails the first times it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.received: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    def __call__(self, function_arn: str, log_group: str, payload: Mapping[str, Any]) -> bool:
        """Keep the batch; whether it counts as delivered."""
        data = gzip.decompress(base64.b64decode(payload["awslogs"]["data"]))
        with self.lock:
            self.received.append(json.loads(data))
            return len(self.received) > self.failures

    def messages(self) -> list[str]:
        """All messages in the order of arrival."""
        return [event["message"] for batch in self.received for event in batch["logEvents"]]


@pytest.fixture
def started():
    """Makes deliverers that are stopped when the test ends."""
    running: list[Deliverer] = []

    def make(sink: Callable[[str, str, Mapping[str, Any]], bool]) -> Deliverer:
        deliverer = Deliverer(sink)
        deliverer.start()
        running.append(deliverer)
        return deliverer

    yield make
    for deliverer in running:
        deliverer.stop()


def _events(count: int) -> list[Event]:
    return [Event(timestamp_ms=1_700_000_000_000 + n, message=f"m{n}") for n in range(count)]


def test_events_of_a_stream_arrive_in_one_batch(started: Callable[..., Deliverer]):
    """Events offered together are one invocation."""
    sink = Sink()
    deliverer = started(sink)

    deliverer.offer(_destination(), _events(50))
    deliverer.stop()

    assert len(sink.received) == 1
    assert sink.messages() == [f"m{n}" for n in range(50)]


def test_no_batch_exceeds_the_limit(started: Callable[..., Deliverer]):
    """Many events are split, none lost."""
    sink = Sink()
    deliverer = started(sink)

    deliverer.offer(_destination(), _events(2 * BATCH_EVENTS + 1))
    deliverer.stop()

    assert max(len(batch["logEvents"]) for batch in sink.received) <= BATCH_EVENTS
    assert len(sink.messages()) == 2 * BATCH_EVENTS + 1


def test_streams_are_not_mixed(started: Callable[..., Deliverer]):
    """A batch is of one stream."""
    sink = Sink()
    deliverer = started(sink)

    deliverer.offer(_destination("a"), _events(1))
    deliverer.offer(_destination("b"), _events(1))
    deliverer.stop()

    assert {batch["logStream"] for batch in sink.received} == {"a", "b"}


def test_retry_has_the_same_payload(started: Callable[..., Deliverer]):
    """A failed delivery is repeated unchanged, event ids included."""
    sink = Sink(failures=1)
    deliverer = started(sink)

    deliverer.offer(_destination(), _events(3))
    deliverer.stop()

    assert sink.received[0] == sink.received[1]
    assert len(sink.received) == 2


def test_gives_up_after_the_last_attempt(started: Callable[..., Deliverer]):
    """A destination that always fails is tried a fixed number of times."""
    sink = Sink(failures=99)
    deliverer = started(sink)

    deliverer.offer(_destination(), _events(1))
    deliverer.stop()

    assert len(sink.received) == ATTEMPTS


def test_abandoned_while_a_function_hangs():
    """At the server's end a delivery under way holds nothing up, and none follows."""
    begun, over = threading.Event(), threading.Event()
    tried: list[str] = []

    def hanging(function_arn: str, log_group: str, payload: Mapping[str, Any]) -> bool:
        tried.append(function_arn)
        begun.set()
        over.wait(10)
        return False

    deliverer = Deliverer(hanging)
    deliverer.start()
    deliverer.offer(_destination(), _events(1))
    assert begun.wait(5)

    deliverer.abandon()
    deliverer.offer(_destination(), _events(1))
    over.set()
    deliverer.stop()

    assert len(tried) == 1


def test_event_ids_are_unique(started: Callable[..., Deliverer]):
    """No two events share an id, whatever their time and text."""
    sink = Sink()
    deliverer = started(sink)

    deliverer.offer(_destination(), [Event(timestamp_ms=1, message="same")] * 500)
    deliverer.stop()

    ids = [event["id"] for batch in sink.received for event in batch["logEvents"]]
    assert len(set(ids)) == 500
