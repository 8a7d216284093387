"""What a run reaches: objects, transform jobs, its records, events, time."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from tidegate.batch.run import Finished, RunRecord
from tidegate.batch.units import Location
from tidegate.errors import TidegateError
from tidegate.ports import Clock


class ChangedObjectError(TidegateError):
    """An object is not any more what it was when it was validated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object as a bucket lists it."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is told of an object without its content."""

    size: int
    etag: str
    content_type: str


class Objects(Protocol):
    """Objects of S3."""

    def list(self, place: Location) -> Iterator[Listed]:
        """The objects whose keys begin so, in the order of their keys."""
        ...

    def head(self, bucket: str, key: str) -> Head | None:
        """What is told of an object, None when there is none."""
        ...

    def read(self, bucket: str, key: str, *, etag: str) -> AbstractContextManager[Iterator[bytes]]:
        """The content in parts; ChangedObjectError when it is not the one with this tag."""
        ...

    def write(self, bucket: str, key: str, parts: Iterable[bytes]) -> str:
        """The object is there, whole; its tag."""
        ...

    def delete(self, bucket: str, key: str) -> None:
        """The object is not there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A transform job as SageMaker describes it; times in seconds, None where it has not come."""

    name: str
    status: str
    reason: str = ""
    started_at: float | None = None
    ended_at: float | None = None


class Jobs(Protocol):
    """Transform jobs."""

    def describe(self, name: str) -> Job | None:
        """The job, None when there is none of this name."""
        ...


class Runs(Protocol):
    """Records of runs, and which version is live."""

    def load(self, run: str) -> RunRecord | None:
        """The record, None when there is none."""
        ...

    def save(self, record: RunRecord) -> None:
        """The record is this one."""
        ...

    def newest(self, count: int) -> tuple[RunRecord, ...]:
        """The newest records, the newest first."""
        ...

    def declare(self, slots: Mapping[str, Any]) -> None:
        """The versions in the slots are these, in JSON types."""
        ...

    def declared(self) -> Mapping[str, Any]:
        """The versions that the last admitted deploy put into the slots; none before the first."""
        ...

    def pointer(self) -> Mapping[str, Any] | None:
        """The live pointer in JSON types, None before the first deploy."""
        ...

    def move(self, pointer: Mapping[str, Any], *, after: int | None) -> bool:
        """The pointer is this one, if its generation was `after`; whether it was."""
        ...


class News(Protocol):
    """Tells others that a run is over."""

    def tell(self, finished: Finished) -> None:
        """It is an event on the bus."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPorts:
    """All that a run reaches; `bucket` is the batch's own."""

    objects: Objects
    jobs: Jobs
    runs: Runs
    news: News
    clock: Clock
    bucket: str


Document = Mapping[str, Any]
