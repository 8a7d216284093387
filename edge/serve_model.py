"""Serves an ONNX model on an edge device, and reports what it did, interval by interval.

A Greengrass component runs this file. Applications on the device ask it on loopback, as SageMaker's
containers are asked: `GET /ping`, `POST /invocations` with JSON, and `POST /outcomes` with
`{"wrong": true}` or `{"wrong": false}` for what became known of an answer. A request is rows of
numbers, or a list by name for models with several inputs; an answer is the model's outputs by name.

Reports go to an MQTT topic through IoT's HTTPS interface, signed with the credentials of the token
exchange service: the device needs no MQTT client of its own. Only the first MOST_COUNTED requests
of an interval are evidence; all are served.
"""

import argparse
import functools
import json
import logging
import math
import os
import secrets
import signal
import tarfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = 1
INTERVAL_SECONDS = 60
MOST_COUNTED = 60
MODEL_FILE = "model.onnx"
MOST_BYTES = 5_000_000
"""Of a request: more is refused."""

_BUCKETS_PER_OCTAVE = 4
_LOWEST_MILLISECONDS = 0.25
_LAST_BUCKET = 19 * _BUCKETS_PER_OCTAVE
_UNPUBLISHED = 60
"""Reports that are kept while the network is away; older ones are dropped."""

_log = logging.getLogger("serve_model")


class RequestError(Exception):
    """A request that is none: the application's fault, and no failure of the model."""


def bucket_of(milliseconds: float) -> int:
    """The logarithmic bucket of a latency: four an octave from 0.25 ms to 128 s."""
    if milliseconds <= _LOWEST_MILLISECONDS:
        return 0
    octaves = math.log2(milliseconds / _LOWEST_MILLISECONDS)
    return min(_LAST_BUCKET, math.ceil(octaves * _BUCKETS_PER_OCTAVE - 1e-9))


@dataclass(kw_only=True, slots=True)
class DeviceClock:
    """The device's time; beside the embedded cloud, the time that the cloud keeps in a file."""

    file: str | None = None

    def now(self) -> float:
        """Seconds since the epoch."""
        if self.file is None:
            return time.time()
        course = self._course()
        moment: float = course["cloud"] + (time.time() - course["wall"]) * course["rate"]
        return moment

    def wall_seconds(self, seconds: float) -> float:
        """How long so many seconds of this clock take on the wall."""
        return seconds if self.file is None else seconds / float(self._course()["scale"])

    def _course(self) -> dict[str, Any]:
        course: dict[str, Any] = json.loads(Path(str(self.file)).read_text(encoding="utf-8"))
        return course


@dataclass(kw_only=True, slots=True)
class Counts:
    """What was done in one interval."""

    served: int = 0
    requests: int = 0
    errors: int = 0
    latency: dict[int, int] = field(default_factory=dict)
    known: int = 0
    wrong: int = 0


class Meter:
    """Counts by interval; from any thread."""

    def __init__(self, *, component_version: str, now: Callable[[], float]) -> None:
        self._version = component_version
        self._now = now
        self._run = secrets.token_hex(4)
        self._counts: dict[int, Counts] = {}
        self._first = self._interval()
        self._lock = threading.Lock()

    def _interval(self) -> int:
        return math.floor(self._now() / INTERVAL_SECONDS)

    def served(self, milliseconds: float, *, failed: bool) -> None:
        """A request was answered, or failed."""
        with self._lock:
            counts = self._counts.setdefault(self._interval(), Counts())
            counts.served += 1
            if counts.requests >= MOST_COUNTED:
                return
            counts.requests += 1
            if failed:
                counts.errors += 1
                return
            bucket = bucket_of(milliseconds)
            counts.latency[bucket] = counts.latency.get(bucket, 0) + 1

    def outcome(self, *, wrong: bool) -> None:
        """What became known of an answer counts in the interval in which it did."""
        with self._lock:
            counts = self._counts.setdefault(self._interval(), Counts())
            if counts.known < MOST_COUNTED:
                counts.known += 1
                counts.wrong += 1 if wrong else 0

    def closed(self) -> list[dict[str, Any]]:
        """Reports of the intervals that are over, each once, also of those without a request."""
        now = self._interval()
        with self._lock:
            over = range(self._first, now)
            self._first = max(self._first, now)
            return [self._report(interval) for interval in over]

    def rest(self) -> list[dict[str, Any]]:
        """Reports of all that is left, the interval that is not over included."""
        found = self.closed()
        with self._lock:
            return [*found, *(self._report(interval) for interval in sorted(self._counts))]

    def _report(self, interval: int) -> dict[str, Any]:
        counts = self._counts.pop(interval, Counts())
        return {
            "v": VERSION,
            "component_version": self._version,
            "interval": interval,
            "run": self._run,
            "served": counts.served,
            "requests": counts.requests,
            "errors": counts.errors,
            "latency": {str(bucket): count for bucket, count in sorted(counts.latency.items())},
            "known": counts.known,
            "wrong": counts.wrong,
        }


class Model:
    """An ONNX model from its archive."""

    def __init__(self, archive: Path) -> None:
        import onnxruntime  # noqa: PLC0415 - the tests of the meter need none

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            _model_bytes(archive), options, providers=["CPUExecutionProvider"]
        )

    def answer(self, body: bytes) -> bytes:
        """The model's outputs for a request; RequestError if it is none.

        Any other error is the model's, ValueError for an answer that is no number.
        """
        import numpy as np  # noqa: PLC0415

        feeds = {name: np.asarray(rows, np.float32) for name, rows in self._rows(body).items()}
        outputs = self._session.run(None, feeds)
        names = [output.name for output in self._session.get_outputs()]
        told = {name: np.asarray(value) for name, value in zip(names, outputs, strict=True)}
        for name, value in told.items():
            if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
                raise ValueError(f"output {name} is not finite")
        return json.dumps({name: value.tolist() for name, value in told.items()}).encode()

    def _rows(self, body: bytes) -> Mapping[str, Any]:
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise RequestError(f"the request is no JSON: {error}") from error
        names = [given.name for given in self._session.get_inputs()]
        if isinstance(asked, list) and len(names) == 1:
            return {names[0]: asked}
        if isinstance(asked, dict) and sorted(asked) == sorted(names):
            return asked
        raise RequestError(f"a request has rows for {', '.join(names)}, got {type(asked).__name__}")


def _model_bytes(archive: Path) -> bytes:
    with tarfile.open(archive) as content:
        for member in content:
            if member.isfile() and Path(member.name).name == MODEL_FILE:
                stream = content.extractfile(member)
                if stream is not None:
                    return stream.read()
    raise FileNotFoundError(f"{archive} has no {MODEL_FILE}")


def serve(model: Model, meter: Meter, body: bytes) -> tuple[int, bytes]:
    """Status and answer of one request, which is counted."""
    started = time.perf_counter()
    try:
        answer = model.answer(body)
    except RequestError as error:
        return 400, json.dumps({"error": str(error)}).encode()
    except Exception as error:  # noqa: BLE001 - whatever the model does, its device goes on
        meter.served(_milliseconds_since(started), failed=True)
        return 500, json.dumps({"error": str(error)[:500]}).encode()
    meter.served(_milliseconds_since(started), failed=False)
    return 200, answer


def _milliseconds_since(started: float) -> float:
    return 1000 * (time.perf_counter() - started)


class _Handler(BaseHTTPRequestHandler):
    """What applications on the device ask."""

    def __init__(self, model: Model, meter: Meter, *rest: Any) -> None:
        self.model, self.meter = model, meter
        super().__init__(*rest)

    def do_GET(self) -> None:
        self._send(200 if self.path == "/ping" else 404, b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > MOST_BYTES:
            self._send(413, b"")
            return
        body = self.rfile.read(length)
        if self.path == "/invocations":
            self._send(*serve(self.model, self.meter, body))
        elif self.path == "/outcomes":
            self._outcome(body)
        else:
            self._send(404, b"")

    def _outcome(self, body: bytes) -> None:
        try:
            wrong = json.loads(body)["wrong"]
        except (ValueError, KeyError, TypeError):
            wrong = None
        if not isinstance(wrong, bool):
            self._send(400, b'{"error": "an outcome is {\\"wrong\\": true} or false"}')
            return
        self.meter.outcome(wrong=wrong)
        self._send(202, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Requests are counted, not logged."""


Publish = Callable[[bytes], None]


def publisher(topic: str) -> Publish:
    """Publishes to a topic of IoT with the credentials of the token exchange service."""
    import boto3  # noqa: PLC0415 - half a second

    client = boto3.client("iot-data")
    return lambda payload: client.publish(topic=topic, qos=1, payload=payload) and None


class Reporter:
    """Publishes what a meter counted; what can't be published is tried again, oldest first."""

    def __init__(self, meter: Meter, publish: Publish) -> None:
        self._meter, self._publish = meter, publish
        self._waiting: list[dict[str, Any]] = []

    def report(self, *, ending: bool = False) -> None:
        """Everything that is over has been published, or waits."""
        self._waiting += self._meter.rest() if ending else self._meter.closed()
        self._waiting = self._waiting[-_UNPUBLISHED:]
        while self._waiting:
            try:
                self._publish(json.dumps(self._waiting[0]).encode())
            except Exception:  # noqa: BLE001 - the network, the token exchange service, IoT
                _log.warning("a report waits", exc_info=True)
                return
            self._waiting.pop(0)


def arguments() -> argparse.Namespace:
    """The command line, as the recipe writes it."""
    parser = argparse.ArgumentParser(description="Serve an ONNX model on an edge device.")
    parser.add_argument("--model", type=Path, required=True, help="archive with model.onnx")
    parser.add_argument("--component-version", required=True)
    parser.add_argument("--topic", required=True, help="MQTT topic of this device's reports")
    parser.add_argument("--port", type=int, required=True, help="on loopback; 0 takes a free one")
    parser.add_argument("--address-file", type=Path, required=True, help="gets http://HOST:PORT")
    return parser.parse_args()


def main() -> None:
    """Serve and report until the device says stop."""
    logging.basicConfig(level=logging.INFO)
    given, clock = arguments(), DeviceClock(file=os.environ.get("EMBEDDED_CLOCK_FILE"))
    meter = Meter(component_version=given.component_version, now=clock.now)
    handler = functools.partial(_Handler, Model(given.model), meter)
    server = ThreadingHTTPServer(("127.0.0.1", given.port), handler)
    given.address_file.write_text(f"http://127.0.0.1:{server.server_address[1]}", encoding="utf-8")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    reporter = Reporter(meter, publisher(given.topic))
    while not stopped.wait(clock.wall_seconds(INTERVAL_SECONDS / 6)):
        reporter.report()
    server.shutdown()
    reporter.report(ending=True)


if __name__ == "__main__":
    main()
