"""Executions of the machine that watches deploys, named by their release."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFunctionsWatches:
    """Port `Watches`: one execution a release, because its name can be used once."""

    client: SFNClient
    machine_arn: str

    def start(self, *, release_id: str, stack_id: str) -> None:
        """The machine watches this release; starting it again does nothing."""
        wanted = {"release_id": release_id, "stack_id": stack_id, "epoch": 1, "wait_seconds": 0}
        try:
            self.client.start_execution(
                stateMachineArn=self.machine_arn, name=release_id, input=json.dumps(wanted)
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            return
