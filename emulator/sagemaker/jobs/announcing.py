"""What EventBridge is told of training and processing jobs.

The shape is that of "SageMaker training job state change" and "SageMaker processing job state
change" in the developer guide: the job as its Describe operation has it, times in milliseconds.
"""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.kind import Kind
from emulator.seams.events import Event


def job_changed(kind: Kind, job: Job, tags: Mapping[str, str]) -> Event:
    """The job is in another status, or another secondary one."""
    detail = _milliseconds(kind.described(job))
    return Event(
        source="aws.sagemaker",
        detail_type=kind.detail_type,
        resources=(job.arn,),
        detail={**detail, "Tags": dict(tags)},
    )


def _milliseconds(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _moment(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_milliseconds(each) for each in value]
    return value


def _moment(name: str, value: Any) -> Any:
    if name.endswith("Time") or name == "Timestamp":
        return int(float(value) * 1000)
    return _milliseconds(value)
