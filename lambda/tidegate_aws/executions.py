"""Executions of the release machine in Step Functions, named by release and epoch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFunctionsExecutions:
    """Port `Executions`: one execution an epoch, because its name can be used once."""

    client: SFNClient
    machine_arn: str

    def start(self, *, release_id: str, model: str, who: str, epoch: int) -> None:
        """Start the machine for this release and epoch; starting it again does nothing."""
        wanted = {"release_id": release_id, "model": model, "who": who, "epoch": epoch}
        try:
            self.client.start_execution(
                stateMachineArn=self.machine_arn,
                name=execution_name(release_id, epoch),
                input=json.dumps(wanted),
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            return

    def running(self, *, release_id: str, epoch: int) -> bool:
        """Whether the execution of this epoch is still running; False when there is none."""
        arn = f"{self._executions_arn()}:{execution_name(release_id, epoch)}"
        try:
            answer = self.client.describe_execution(executionArn=arn)
        except self.client.exceptions.ExecutionDoesNotExist:
            return False
        return answer["status"] == "RUNNING"

    def _executions_arn(self) -> str:
        return self.machine_arn.replace(":stateMachine:", ":execution:", 1)


def execution_name(release_id: str, epoch: int) -> str:
    """The name of the execution that owns a release in an epoch."""
    return f"{release_id}-e{epoch}"
