"""The file that serves a model on devices: it counts, bounds and reports what it did."""

import json
import tarfile
from pathlib import Path

import pytest

from edge.serve_model import (
    INTERVAL_SECONDS,
    MOST_COUNTED,
    DeviceClock,
    Meter,
    Model,
    Reporter,
    bucket_of,
    serve,
)
from examples.edge.parts import parts
from examples.edge.train import write
from tidegate import latency
from tidegate.edge import reports
from tidegate.edge.reports import parse_report
from tidegate.intervals import INTERVAL_SECONDS as JUDGED_SECONDS

FIRST = 500


class Now:
    """A clock that stands where it is put, in intervals."""

    def __init__(self) -> None:
        self.at = float(FIRST)

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.at * INTERVAL_SECONDS


@pytest.fixture
def now() -> Now:
    """In the first interval."""
    return Now()


@pytest.fixture
def meter(now: Now) -> Meter:
    """Nothing was served."""
    return Meter(component_version="1.2.3", now=now)


def model(version: str, folder: Path) -> Model:
    """A version of the example, from an archive as devices get it."""
    write(version, folder / version)
    archive = folder / f"{version}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder / version / "model.onnx", "model.onnx")
    return Model(archive)


def test_constants_are_those_of_the_judge() -> None:
    """The file stands alone, and must not drift away."""
    assert (INTERVAL_SECONDS, MOST_COUNTED) == (JUDGED_SECONDS, reports.MOST_COUNTED)
    for milliseconds in (0.0, 0.25, 0.26, 1.0, 3.7, 250.0, 128_000.0, 1e9):
        assert bucket_of(milliseconds) == latency.bucket_of(milliseconds)


def test_an_interval_is_reported_once_it_is_over(meter: Meter, now: Now) -> None:
    """What is reported passes the check at the other end."""
    meter.served(1.0, failed=False)
    meter.served(1.0, failed=True)
    meter.outcome(wrong=True)
    assert meter.closed() == []
    now.at += 1
    (told,) = meter.closed()
    report = parse_report("press-1", json.loads(json.dumps(told)))
    assert (report.interval, report.served, report.errors) == (FIRST, 2, 1)
    assert (report.known, report.wrong) == (1, 1)
    assert meter.closed() == []


def test_an_interval_without_a_request_is_reported_too(meter: Meter, now: Now) -> None:
    """Silence means something."""
    now.at += 2
    assert [told["interval"] for told in meter.closed()] == [FIRST, FIRST + 1]


def test_only_the_first_requests_of_an_interval_are_evidence(meter: Meter, now: Now) -> None:
    """All are served."""
    for _ in range(MOST_COUNTED + 5):
        meter.served(1.0, failed=False)
    now.at += 1
    (told,) = meter.closed()
    assert (told["served"], told["requests"]) == (MOST_COUNTED + 5, MOST_COUNTED)


def test_the_rest_is_reported_at_the_end(meter: Meter) -> None:
    """Of the interval that is not over."""
    meter.served(1.0, failed=False)
    assert [told["requests"] for told in meter.rest()] == [1]


def test_reports_wait_for_the_network(meter: Meter, now: Now) -> None:
    """They are sent in order once it is back."""
    sent: list[int] = []
    away = True

    def publish(payload: bytes) -> None:
        if away:
            raise OSError("no route")
        sent.append(json.loads(payload)["interval"])

    reporter = Reporter(meter, publish)
    now.at += 1
    reporter.report()
    away = False
    now.at += 1
    reporter.report()
    assert sent == [FIRST, FIRST + 1]


def test_a_model_answers_rows(meter: Meter, tmp_path: Path) -> None:
    """By the names of its outputs."""
    rows = parts(3, seed=1).rows.tolist()
    status, body = serve(model("v2", tmp_path), meter, json.dumps(rows).encode())
    assert status == 200
    answer = json.loads(body)
    assert len(answer["faulty"]) == 3
    assert all(0 <= chance <= 1 for (chance,) in answer["faulty"])


def test_what_is_no_number_is_a_failure_of_the_model(
    meter: Meter, now: Now, tmp_path: Path
) -> None:
    """v3 takes logarithms, which a value below zero has not."""
    row = parts(1, seed=1).rows.tolist()
    row[0][0] = -0.5
    status, body = serve(model("v3", tmp_path), meter, json.dumps(row).encode())
    assert (status, "not finite" in json.loads(body)["error"]) == (500, True)
    now.at += 1
    assert meter.closed()[0]["errors"] == 1


def test_what_is_no_request_is_the_applications_fault(
    meter: Meter, now: Now, tmp_path: Path
) -> None:
    """It counts against nobody."""
    inspector = model("v1", tmp_path)
    assert serve(inspector, meter, b"no json")[0] == 400
    assert serve(inspector, meter, b'{"other": [[1]]}')[0] == 400
    now.at += 1
    assert meter.closed()[0]["served"] == 0


def test_the_clock_is_the_clouds_where_there_is_one(tmp_path: Path) -> None:
    """The embedded cloud keeps the course of its time in a file."""
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"wall": 0.0, "cloud": 1e9, "rate": 0.0, "scale": 30.0}))
    clock = DeviceClock(file=str(file))
    assert (clock.now(), clock.wall_seconds(60)) == (1e9, 2.0)
