"""Asynchronous jobs: they wait, run for a time of the cloud's clock, and end with news of it.

A kind of jobs is what a job does, how long it takes and who is told. Jobs are kept by account and
region until the cloud stops. The faults of the service make them late, failed, or told of twice.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from emulator.ai.faults import Fate
from emulator.ai.site import ClientOf, Site, Tenant
from emulator.jsonapi import Json

_log = logging.getLogger(__name__)

QUEUED_SECONDS = 1.0
"""How long a job waits for its turn, on the cloud's clock."""
INJECTED_FAILURE = "Internal service failure. Try again."
"""The reason of a job that failed because the faults say so."""


class State(Enum):
    """Where a job is; services spell it their way."""

    QUEUED = "queued"
    IN_PROGRESS = "in progress"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self in {State.COMPLETED, State.FAILED, State.STOPPED}


class JobFailedError(Exception):
    """The job can't be done; the sentence is its failure reason."""


class TokenReusedError(Exception):
    """The client's token belongs to another request; `job_id` is that one's job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"the token was used for another request, whose job is {job_id}")
        self.job_id = job_id


class JobExistsError(Exception):
    """There is a job of that id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job as it is now; moments are Unix seconds of the cloud's clock."""

    tenant: Tenant
    id: str
    request: Mapping[str, Any]
    client: ClientOf = field(repr=False)
    """Clients with the rights of who started the job."""
    submitted: float
    token: str | None = None
    state: State = State.QUEUED
    started: float | None = None
    ended: float | None = None
    output: Json = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobKind:
    """What the jobs of one operation have in common; `work` and `changed` run in threads."""

    work: Callable[[Job], Json]
    """Does the job when its time is over; what it returns is `output`. JobFailedError."""
    seconds: Callable[[Job], float]
    """How long the job takes on the cloud's clock, once it has begun."""
    changed: Callable[[Job], None]
    """Tells of a job that is in another state. It may be told twice of an end."""


class Jobs:
    """The jobs of one kind, of every account and region."""

    def __init__(self, site: Site, kind: JobKind) -> None:
        self._site = site
        self._kind = kind
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, str], Job] = {}

    def start(self, job: Job, draw: Callable[[], Fate]) -> Job:
        """The job goes its way as drawn; a second start with its token is the first one's job.

        TokenReusedError if its request was another; JobExistsError if its id is taken.
        """
        with self._lock:
            known = self._of_token(job)
            if known is not None:
                if known.request != job.request:
                    raise TokenReusedError(known.id)
                return known
            if _key(job) in self._kept:
                raise JobExistsError(job.id)
            self._kept[_key(job)] = job
        self._site.go_on(self._run(_key(job), job, draw()))
        return job

    def get(self, tenant: Tenant, job_id: str) -> Job | None:
        """The job, if there is one."""
        with self._lock:
            return self._kept.get((*tenant, job_id))

    def of(self, tenant: Tenant) -> list[Job]:
        """The tenant's, the latest first."""
        with self._lock:
            return [job for key, job in self._kept.items() if key[:2] == tenant][::-1]

    def forget(self, tenant: Tenant, job_id: str) -> None:
        """There is no such job; one that runs ends without news."""
        with self._lock:
            self._kept.pop((*tenant, job_id), None)

    def stop(self, tenant: Tenant, job_id: str) -> Job | None:
        """The job will stop, if it has not ended; the job as it is then."""
        with self._lock:
            job = self._kept.get((*tenant, job_id))
            if job is None or job.state.ended:
                return job
            stopping = replace(job, state=State.STOPPING)
            self._kept[_key(job)] = stopping
            return stopping

    def _of_token(self, job: Job) -> Job | None:
        if job.token is None:
            return None
        mine = (kept for key, kept in self._kept.items() if key[:2] == job.tenant)
        return next((kept for kept in mine if kept.token == job.token), None)

    async def _run(self, key: tuple[str, str, str], first: Job, fate: Fate) -> None:
        """From queued to an end; nothing more once the job is forgotten."""
        await self._site.pause(QUEUED_SECONDS)
        begun = self._moved(key, first, State.IN_PROGRESS, started=self._site.now())
        if begun is None:
            return
        if begun.state is State.IN_PROGRESS:
            await self._tell(begun)
            await self._site.pause(self._kind.seconds(begun) + fate.late_seconds)
        ended = await self._ended(key, begun, fate)
        if ended is not None:
            for _ in range(2 if fate.told_twice else 1):
                await self._tell(ended)

    async def _ended(self, key: tuple[str, str, str], begun: Job, fate: Fate) -> Job | None:
        with self._lock:
            current = self._kept.get(key)
        if current is None or current.submitted != begun.submitted:
            return None
        if current.state is State.STOPPING:
            return self._moved(key, begun, State.STOPPED, ended=self._site.now())
        changes = {"failure": INJECTED_FAILURE} if fate.fails else await self._worked(begun)
        state = State.FAILED if "failure" in changes else State.COMPLETED
        return self._moved(key, begun, state, ended=self._site.now(), **changes)

    async def _worked(self, job: Job) -> Json:
        """The job's output, or its failure."""
        try:
            with self._site.working():
                return {"output": await asyncio.to_thread(self._kind.work, job)}
        except JobFailedError as error:
            return {"failure": str(error)}
        except Exception:  # noqa: BLE001 - a job that nobody ends would be waited for
            _log.exception("the job %s failed", job.id)
            return {"failure": "the embedded cloud failed, see its log"}

    def _moved(
        self, key: tuple[str, str, str], job: Job, state: State, **changes: Any
    ) -> Job | None:
        """The job in its new state, None if it was forgotten; one that stops goes on stopping."""
        with self._lock:
            current = self._kept.get(key)
            if current is None or current.submitted != job.submitted:
                return None
            stops = current.state is State.STOPPING and state is State.IN_PROGRESS
            moved = replace(current, state=current.state if stops else state, **changes)
            self._kept[key] = moved
            return moved

    async def _tell(self, job: Job) -> None:
        try:
            await asyncio.to_thread(self._kind.changed, job)
        except Exception:  # noqa: BLE001 - the job has ended all the same
            _log.exception("nobody could be told of the job %s", job.id)


def _key(job: Job) -> tuple[str, str, str]:
    return (*job.tenant, job.id)
