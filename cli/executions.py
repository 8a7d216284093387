"""How an execution of the release machine ended: what it says when it refuses or fails."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tidegate_aws.executions import execution_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of an execution. `error` and `cause` are empty where it succeeded."""

    name: str
    status: str
    error: str = ""
    cause: str = ""

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.error, self.cause) if part)
        return said or f"execution {self.name} ended {self.status} and gave no reason"


class Endings(Protocol):
    """Reads how executions ended."""

    def ending(self, *, release_id: str, epoch: int) -> Ending | None:
        """How the execution of this epoch ended; None while it runs, or when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFunctionsEndings:
    """Endings of the executions of one state machine; `client` is boto3's for Step Functions."""

    client: Any
    machine_arn: str

    def ending(self, *, release_id: str, epoch: int) -> Ending | None:
        """How the execution of this epoch ended; None while it runs, or when there is none."""
        name = execution_name(release_id, epoch)
        arn = f"{self.machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
        try:
            told = self.client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
        if told["status"] == "RUNNING":
            return None
        return Ending(
            name=name,
            status=told["status"],
            error=told.get("error", ""),
            cause=plain(told.get("cause", "")),
        )


def plain(cause: str) -> str:
    """The sentence in a cause: Lambda wraps what was raised in JSON, with a stack trace."""
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return cause
    return str(wrapped["errorMessage"]) if _has_message(wrapped) else cause


def _has_message(wrapped: Any) -> bool:
    return isinstance(wrapped, dict) and "errorMessage" in wrapped
