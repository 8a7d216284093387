"""A release that outlasts a chapter: the machine goes on in the next one as if nothing had been."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.world import BETTER, V1, World

TURNS_LEFT = 4


@contextmanager
def short_chapters(machines: Any, machine_arn: str) -> Iterator[str]:
    """The machine starts its chapters almost used up while the block runs; the chapter's ARN."""
    before = machines.describe_state_machine(stateMachineArn=machine_arn)["definition"]
    nearly = re.sub(r'"turns":\s*0', f'"turns": {600 - TURNS_LEFT}', before)
    assert nearly != before
    machines.update_state_machine(stateMachineArn=machine_arn, definition=nearly)
    found = re.search(r'"StateMachineArn":\s*"([^"]+)"', before)
    assert found is not None
    try:
        yield found.group(1)
    finally:
        machines.update_state_machine(stateMachineArn=machine_arn, definition=before)


@pytest.mark.accept
def test_a_release_of_many_chapters_ends_like_any_other(
    make_world: Callable[[str], World],
) -> None:
    """A release that needs many chapters is promoted, and no chapter did more than its turns."""
    world = make_world("chapters")
    world.deploy(V1)
    world.deploy(BETTER)
    deployed = world.deployed
    machines = deployed.target.session.client("stepfunctions")

    with (
        short_chapters(machines, deployed.outputs["ReleaseMachineArn"]) as chapter,
        world.users() as users,
    ):
        before = len(machines.list_executions(stateMachineArn=chapter)["executions"])
        view = world.finish(world.start())
        after = len(machines.list_executions(stateMachineArn=chapter)["executions"])

    assert view.phase == "promoted", view.reason
    assert after - before > 5
    assert users.ledger.unanswered == 0
