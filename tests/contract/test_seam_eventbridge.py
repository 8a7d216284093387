"""EventBridge starts a state machine with the role of its target."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emulator.server import EmbeddedCloud

MACHINE = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'


class Rules:
    """Rules that start one machine, by events of their own source."""

    def __init__(self, cloud: EmbeddedCloud, machine: str) -> None:
        session = cloud.session()
        self._events, self._states = session.client("events"), session.client("stepfunctions")
        self._machine = machine

    def fire(self, role: str | None) -> None:
        """An event matches a rule whose target has this role."""
        name = f"rule-{uuid.uuid4().hex[:8]}"
        pattern = json.dumps({"source": [name]})
        self._events.put_rule(Name=name, EventPattern=pattern)
        target = {"Id": "machine", "Arn": self._machine}
        given = {} if role is None else {"RoleArn": role}
        self._events.put_targets(Rule=name, Targets=[{**target, **given}])
        entry = {"Source": name, "DetailType": "x", "Detail": "{}"}
        self._events.put_events(Entries=[entry])

    def started(self) -> int:
        """How often the machine was started."""
        listed: list[Any] = self._states.list_executions(stateMachineArn=self._machine)[
            "executions"
        ]
        return len(listed)


@pytest.fixture
def rules(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Rules:
    """Rules of a machine of this test's own."""
    made = (
        ground_cloud.session()
        .client("stepfunctions")
        .create_state_machine(
            name=f"m-{uuid.uuid4().hex[:8]}", definition=MACHINE, roleArn=make_role("states")
        )
    )
    return Rules(ground_cloud, made["stateMachineArn"])


def test_a_machine_is_started_with_a_role_that_may(
    rules: Rules, make_role: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    """The role trusts EventBridge and may start executions."""
    rules.fire(make_role("events", "states:StartExecution"))
    assert eventually(rules.started) == 1


def test_a_machine_is_not_started_without_the_right(
    rules: Rules, make_role: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    """No role, one that may not, and one that EventBridge cannot assume: the events are dropped."""
    rules.fire(None)
    rules.fire(make_role("events", "states:StopExecution"))
    rules.fire(make_role("lambda", "states:StartExecution"))
    # Events are dispatched in order: once this one has started it, the others have not.
    rules.fire(make_role("events", "states:StartExecution"))
    assert eventually(rules.started) == 1
