"""A batch in memory: objects, jobs of a SageMaker that fails what it is told to, a table."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from tests.fakes import FakeClock
from tidegate.batch import documents
from tidegate.batch.checking import check
from tidegate.batch.collecting import collect
from tidegate.batch.plan import BatchPlan, CompareTerms, InSlot, JoinKind
from tidegate.batch.planning import next_step
from tidegate.batch.ports import BatchPorts, ChangedObjectError, Head, Job, Listed
from tidegate.batch.reporting import report
from tidegate.batch.run import Finished, RunRecord
from tidegate.batch.schema import Column, ColumnType, RecordFormat
from tidegate.batch.starting import Asked, start
from tidegate.batch.taking_over import conclude
from tidegate.batch.units import Location
from tidegate.batch.work import Work
from tidegate.slots import Slot
from tidegate.version import Version

BUCKET = "own"


class DiedError(Exception):
    """The process ends here."""


@dataclass
class Mortal:
    """Counts calls, and dies at one of them."""

    dies_at: int | None = None
    calls: int = 0

    def breathe(self) -> None:
        """One more call; DiedError when it is the last one."""
        self.calls += 1
        if self.calls == self.dies_at:
            raise DiedError


@dataclass
class FakeObjects:
    """Objects by bucket and key, and how often each was written."""

    mortal: Mortal
    content: dict[tuple[str, str], bytes] = field(default_factory=dict)
    types: dict[tuple[str, str], str] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)

    def list(self, place: Location) -> Iterator[Listed]:
        """The objects whose keys begin so."""
        for bucket, key in sorted(self.content):
            if bucket == place.bucket and key.startswith(place.prefix):
                body = self.content[bucket, key]
                yield Listed(key=key, size=len(body), etag=_etag(body))

    def head(self, bucket: str, key: str) -> Head | None:
        """What is told of an object."""
        self.mortal.breathe()
        body = self.content.get((bucket, key))
        if body is None:
            return None
        told = self.types.get((bucket, key), "binary/octet-stream")
        return Head(size=len(body), etag=_etag(body), content_type=told)

    @contextmanager
    def read(self, bucket: str, key: str, *, etag: str) -> Iterator[Iterator[bytes]]:
        """The content, seven bytes at a time."""
        self.mortal.breathe()
        body = self.content.get((bucket, key))
        if body is None or _etag(body) != etag:
            raise ChangedObjectError(f"s3://{bucket}/{key} was replaced")
        yield (body[start : start + 7] for start in range(0, len(body), 7))

    def write(self, bucket: str, key: str, parts: Iterable[bytes]) -> str:
        """The object is there."""
        self.mortal.breathe()
        self.content[bucket, key] = b"".join(parts)
        self.writes.append((bucket, key))
        return _etag(self.content[bucket, key])

    def delete(self, bucket: str, key: str) -> None:
        """The object is not there."""
        self.mortal.breathe()
        self.content.pop((bucket, key), None)


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


@dataclass
class FakeJobs:
    """Jobs that ran; `answer` is a record's answer, and raises where the model fails."""

    objects: FakeObjects
    answer: Callable[[str], str]
    jobs: dict[str, Job] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Every record that a model was asked about."""

    def describe(self, name: str) -> Job | None:
        """The job, None when there is none."""
        return self.jobs.get(name)

    def run(self, job: Mapping[str, Any]) -> None:
        """The job has ended: each object has its result, or has failed as a whole."""
        head, *names = documents_of(self.objects, job["manifest"])
        place, target = Location.of(head["prefix"]), Location.of(job["output"])
        reason = ""
        for name in names:
            text = self.objects.content[place.bucket, place.prefix + name].decode()
            self.asked.extend(text.splitlines())
            try:
                lines = [f"{line},{self.answer(line)}\n" for line in text.splitlines()]
            except ValueError:
                reason = "ClientError: See job logs for more information"
                continue
            key = f"{target.prefix}{name}.out"
            self.objects.content[target.bucket, key] = "".join(lines).encode()
        status = "Failed" if reason else "Completed"
        self.jobs[job["name"]] = Job(
            name=job["name"], status=status, reason=reason, started_at=100.0, ended_at=460.0
        )


def documents_of(objects: FakeObjects, uri: str) -> Any:
    """A JSON document of S3."""
    import json  # noqa: PLC0415 - here only

    place = Location.of(uri)
    return json.loads(objects.content[place.bucket, place.prefix])


@dataclass
class FakeRuns:
    """Records, pointer and declared versions."""

    mortal: Mortal
    records: dict[str, RunRecord] = field(default_factory=dict)
    live: dict[str, Any] | None = None
    slots: dict[str, Any] = field(default_factory=dict)

    def load(self, run: str) -> RunRecord | None:
        """The record."""
        self.mortal.breathe()
        return self.records.get(run)

    def save(self, record: RunRecord) -> None:
        """The record is this one."""
        self.mortal.breathe()
        self.records[record.run] = RunRecord.from_json(record.to_json())

    def newest(self, count: int) -> tuple[RunRecord, ...]:
        """The newest first."""
        return tuple(self.records[run] for run in sorted(self.records, reverse=True)[:count])

    def declare(self, slots: Mapping[str, Any]) -> None:
        """The versions in the slots."""
        self.slots = dict(slots)

    def declared(self) -> Mapping[str, Any]:
        """The versions in the slots."""
        return self.slots

    def pointer(self) -> Mapping[str, Any] | None:
        """The live pointer."""
        return self.live

    def move(self, pointer: Mapping[str, Any], *, after: int | None) -> bool:
        """The pointer is this one, if it was where it should be."""
        self.mortal.breathe()
        if (None if self.live is None else self.live["generation"]) != after:
            return False
        self.live = dict(pointer)
        return True


@dataclass
class FakeNews:
    """What was told."""

    told: list[Finished] = field(default_factory=list)

    def tell(self, finished: Finished) -> None:
        """It is told."""
        self.told.append(finished)


def version(label: str) -> Version:
    """A version of this name."""
    return Version(
        digest=f"digest-{label}",
        label=label,
        image="image",
        artifact=label,
        artifact_uri="s3://a/b.tar.gz",
    )


def plan_of(**changes: Any) -> BatchPlan:
    """A batch of two columns, whose live version is v1 and whose idle one is v2."""
    held = {
        Slot.BLUE: InSlot(version=version("v1"), sagemaker_model="blue-model"),
        Slot.GREEN: InSlot(version=version("v2"), sagemaker_model="green-model"),
    }
    given: dict[str, Any] = {
        "project": "acme",
        "stage": "dev",
        "model": "demand",
        "format": RecordFormat.CSV,
        "columns": (
            Column(name="store", type=ColumnType.INTEGER, least=0),
            Column(name="price", type=ColumnType.NUMBER),
        ),
        "input": f"s3://{BUCKET}/input/",
        "join": JoinKind.INPUT,
        "instance_type": "ml.m5.large",
        "instances": 2,
        "payload_mb": 1,
        "failed_percent": 50.0,
        "job_prefix": "acme-dev-demand",
        "usd_per_hour": 0.5,
        "price_said": "an estimate",
        "compare": CompareTerms(),
        "slots": held,
    }
    return BatchPlan(**{**given, **changes})


class FakeBatch:
    """A batch whose machine is a loop: it does what the state machine does."""

    def __init__(self, plan: BatchPlan | None = None, *, dies_at: int | None = None) -> None:
        self.plan = plan_of() if plan is None else plan
        self.mortal = Mortal(dies_at=dies_at)
        self.objects = FakeObjects(mortal=self.mortal)
        self.jobs = FakeJobs(objects=self.objects, answer=lambda line: line.split(",")[1])
        self.runs = FakeRuns(mortal=self.mortal)
        self.runs.live = {"slot": "blue", "version": version("v1").to_json(), "generation": 0}
        self.news = FakeNews()
        self.clock = FakeClock(1_000.0)
        self.ports = BatchPorts(
            objects=self.objects,
            jobs=self.jobs,
            runs=self.runs,
            news=self.news,
            clock=self.clock,
            bucket=BUCKET,
        )

    def put(self, name: str, text: str, *, content_type: str = "text/csv") -> None:
        """A data set's object."""
        self.objects.content[BUCKET, f"input/{name}"] = text.encode()
        self.objects.types[BUCKET, f"input/{name}"] = content_type

    def document(self, key: str) -> Any:
        """A document of a run."""
        return documents.load(self.ports, key)

    def started(self, event: Mapping[str, Any], *, execution: str = "one") -> Work:
        """The run that an event starts, at work."""
        moment = "2026-11-29T20:51:12.123Z"
        record = start(
            self.ports, self.plan, Asked.from_json(event), execution=execution, moment=moment
        )
        return Work(ports=self.ports, plan=self.plan, record=record)

    def run(self, event: Mapping[str, Any], *, execution: str = "one") -> RunRecord:
        """The record of the run at its end; DiedError where the process ends before."""
        work = self.started(event, execution=execution)
        found = check(work, out_of_time=lambda: False)
        assert found is not None
        while not found.fault_count:
            step = next_step(work)
            if step["next"] == "transform":
                self.jobs.run(step["job"])
            elif step["next"] == "compare":
                conclude(work)
                break
            elif step["next"] == "report":
                break
            collect(work, number=step["number"])
        return report(work)

    def results(self, run: str) -> list[str]:
        """Every line of every result, sorted."""
        begins = f"results/{run}/"
        texts = [t for (_, key), t in self.objects.content.items() if key.startswith(begins)]
        return sorted(line for text in texts for line in text.decode().splitlines())


def numbered(count: int, *, first: int = 0) -> str:
    """So many records."""
    return "".join(f"{store},{store % 5}.5\n" for store in range(first, first + count))
