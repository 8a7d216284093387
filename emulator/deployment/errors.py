"""Why a deployment failed, in types that a caller can tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass


class DeployError(Exception):
    """A deployment was refused or failed; the text says what to do."""


class AssemblyError(DeployError):
    """The cloud assembly cannot be deployed as it is."""


class NotLoopbackError(DeployError):
    """The session points at something else than this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceFailure:
    """One resource that failed, and why."""

    logical_id: str
    resource_type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource_type} {self.logical_id}: {self.reason}"


class StackFailedError(DeployError):
    """A stack came to rest without what was asked of it."""

    def __init__(self, stack_name: str, status: str, failures: Sequence[ResourceFailure]) -> None:
        reasons = "; ".join(map(str, failures)) or "no resource gave a reason"
        super().__init__(f"stack {stack_name} ended in {status}: {reasons}")
        self.stack_name = stack_name
        self.status = status
        self.failures = tuple(failures)
