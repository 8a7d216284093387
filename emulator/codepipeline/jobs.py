"""Jobs: what functions are asked by a pipeline, and what they report of it."""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.codepipeline import errors
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.state import ActionStatus, WorkRun


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What PutJobSuccessResult or PutJobFailureResult said."""

    failure: tuple[str, str] | None = None
    continuation_token: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    summary: str | None = None
    external_id: str | None = None
    percent: int | None = None


class JobBoard:
    """The jobs that are open, by id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, WorkRun] = {}
        self._results: dict[str, JobResult] = {}

    def open(self, run: WorkRun) -> str:
        """A job exists for the run; its id."""
        job_id = str(uuid.uuid4())
        with self._lock:
            self._runs[job_id] = run
        return job_id

    def result(self, job_id: str) -> JobResult | None:
        """The job's result, which closes it; None if there is none yet."""
        with self._lock:
            found = self._results.pop(job_id, None)
            if found is not None:
                self._runs.pop(job_id, None)
            return found

    def succeed(self, request: Mapping[str, Any]) -> None:
        """PutJobSuccessResult: the run goes on."""
        details = request.get("executionDetails", {})
        result = JobResult(
            continuation_token=request.get("continuationToken"),
            variables=dict(request.get("outputVariables", {})),
            summary=details.get("summary"),
            external_id=details.get("externalExecutionId"),
            percent=details.get("percentComplete"),
        )
        self._report(request["jobId"], result)

    def fail(self, request: Mapping[str, Any]) -> None:
        """PutJobFailureResult: the run fails."""
        details = request["failureDetails"]
        result = JobResult(
            failure=(details["type"], details["message"]),
            external_id=details.get("externalExecutionId"),
        )
        self._report(request["jobId"], result)

    def _report(self, job_id: str, result: JobResult) -> None:
        with self._lock:
            run = self._runs.get(job_id)
            if run is None:
                raise errors.job_not_found(job_id)
            if run.status is not ActionStatus.IN_PROGRESS or job_id in self._results:
                raise CodePipelineError(
                    "InvalidJobStateException", f"Job {job_id} has a result already"
                )
            self._results[job_id] = result
        run.woken.set()
