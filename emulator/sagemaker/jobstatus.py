"""The statuses that training, processing and transform jobs have in common."""

from enum import StrEnum


class JobStatus(StrEnum):
    """The status of a job, spelled as AWS does."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def running(self) -> bool:
        """Whether the job still has a process, or will have."""
        return self in {JobStatus.IN_PROGRESS, JobStatus.STOPPING}
