"""Stories of state machines' roles: what a machine calls, it reaches."""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.roles import DeployedRole, StoryFailedError, client
from tests.e2e.world import World, wait_for

_OUTCOMES = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")
_DENIED = "not authorized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a machine, seen by a client of Step Functions in its account."""

    client: Any
    arn: str

    @classmethod
    def start(cls, world: World, machine: str, told: Mapping[str, Any]) -> "Run":
        """An execution runs with that input."""
        states = client(world, "stepfunctions")
        made = states.start_execution(
            stateMachineArn=world.physical_id(machine), input=json.dumps(told)
        )
        return cls(client=states, arn=made["executionArn"])

    def outcome(self, state: str) -> str | None:
        """How the first task of a state came out, None as long as it has not.

        StoryFailedError when a task was refused.
        """
        entered = None
        for event in self._history():
            entered = event.get("stateEnteredEventDetails", {}).get("name", entered)
            details = event.get("taskFailedEventDetails", {})
            if _DENIED in details.get("cause", ""):
                raise StoryFailedError(details["cause"])
            if entered == state and event["type"] in _OUTCOMES:
                return str(event["type"])
        return None

    def status(self) -> str | None:
        """How the execution ended, None while it runs; StoryFailedError when a task was refused."""
        self.outcome("")
        told = self.client.describe_execution(executionArn=self.arn)
        return None if told["status"] == "RUNNING" else str(told["status"])

    def stop(self) -> None:
        """It does not run any more."""
        with contextlib.suppress(self.client.exceptions.from_code("ValidationException")):
            self.client.stop_execution(executionArn=self.arn)

    def _history(self) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("get_execution_history")
        return [e for page in pages.paginate(executionArn=self.arn) for e in page["events"]]


def reaches(machine: str, state: str, told: Mapping[str, Any]) -> Callable[[World, Any], None]:
    """A story: the task of that state is answered by its function, whatever it answers."""

    def story(world: World, _role: DeployedRole) -> None:
        run = Run.start(world, machine, told)
        try:
            wait_for(lambda: run.outcome(state), seconds=60, what=f"the outcome of {state}")
        finally:
            run.stop()

    return story


def succeeds(world: World, machine: str, told: Mapping[str, Any]) -> None:
    """The execution succeeds; StoryFailedError otherwise."""
    run = Run.start(world, machine, told)
    try:
        status = wait_for(run.status, seconds=90, what=f"the end of {machine}")
    finally:
        run.stop()
    if status != "SUCCEEDED":
        raise StoryFailedError(f"{machine} ended as {status}")


def role_of(world: World, machine: str) -> DeployedRole:
    """The role of a machine of the release stack."""
    return DeployedRole(world=world, role_id=f"{machine}Role", stack=world.release_stack)
