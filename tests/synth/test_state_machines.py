"""The state machines: their text, their states, and that no history grows too long."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.components.release_machine import definition
from tests.synth.assembly import Assembly
from tidegate.decide import Next
from tidegate.guardrail.course import LONGEST_SECONDS
from tidegate.guardrail.watch import LOOK_SECONDS

STACK = "shop-dev-release"
MOST_EVENTS = 25_000
"""Events a Standard execution's history may hold (Step Functions service quotas)."""


def _machine(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(definition(name, partition="aws"))
    return machine


def _next(state: dict[str, Any]) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for branch in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield branch["Next"]


@pytest.mark.parametrize("name", ["release", "chapter", "watch", "delivery"])
def test_every_state_can_be_reached_and_exists(name: str):
    """No state is dead and no transition leads nowhere."""
    machine = _machine(name)
    states = machine["States"]
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting.extend(_next(states[state]))

    assert seen == set(states)


@pytest.mark.parametrize("name", ["release", "chapter", "watch", "delivery"])
def test_every_state_goes_on_or_ends(name: str):
    """A state that neither ends nor goes on is refused at deploy."""
    for id_, state in _machine(name)["States"].items():
        ends = state.get("End") is True or state["Type"] in {"Succeed", "Fail"}
        assert ends != bool(list(_next(state))), id_


@pytest.mark.parametrize("name", ["release", "chapter", "watch", "delivery"])
def test_every_task_is_tried_again(name: str):
    """A killed task is no failed release; a child execution is not started twice."""
    for id_, state in _machine(name)["States"].items():
        if state["Type"] == "Task" and "startExecution" not in state["Resource"]:
            assert state["Retry"], id_


def test_every_next_of_the_loop_has_a_way():
    """A task may name any of the words of the loop, and the machine knows each."""
    states = _machine("chapter")["States"]
    known = {choice["StringEquals"] for choice in states["Dispatch"]["Choices"]}
    over = {choice["StringEquals"] for choice in states["Turn"]["Choices"][0]["Or"]}

    assert known | over == {word.value for word in Next}
    assert not known & over


def test_release_machine_knows_how_a_chapter_can_end():
    """What ends a chapter ends the release; anything else is another chapter."""
    states = _machine("release")["States"]
    ends = {choice["StringEquals"] for choice in states["Follow"]["Choices"]}

    assert ends == {"report", "yield", "halt"}
    assert states["Follow"]["Default"] == "Chapter"


def test_failed_task_takes_the_candidates_traffic_away():
    """Every task of the loop leads to Halt when it fails for good, Halt to the way back."""
    states = _machine("chapter")["States"]
    for id_ in ("Shift", "Verify", "Observe", "Judge", "Settle"):
        (catch,) = states[id_]["Catch"]
        assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Halt")
    assert states["Halt"]["Next"] == "CountBack"
    assert states["DispatchBack"]["Choices"][0]["Next"] == "ShiftBack"


def test_refusal_is_told_apart_from_failure():
    """The caller reads why a release was refused."""
    states = _machine("release")["States"]
    (catch,) = states["Prepare"]["Catch"]

    assert catch["ErrorEquals"] == ["ReleaseRefusedError", "LockedError"]
    assert states["Refused"]["CausePath"] == "$.error.Cause"


def test_history_of_a_chapter_stays_below_the_limit():
    """The most turns, with a second try of the task in each of them, stay in bounds."""
    states = _machine("chapter")["States"]
    turns = next(
        choice["NumericGreaterThan"]
        for choice in states["TurnBack"]["Choices"]
        if choice.get("Variable") == "$.turns"
    )
    # Pass, two Choices, Wait: entered and exited. Task: entered, exited, and three a try.
    plain = 4 * 2 + 2 + 3

    assert turns * (plain + 3) < MOST_EVENTS
    assert all(s["Retry"][0]["MaxAttempts"] <= 12 for s in states.values() if s["Type"] == "Task")


def test_history_of_a_watch_stays_below_the_limit():
    """SageMaker ends an update after eight hours; every look of them may be tried twice."""
    # Task: entered, exited, and three a try. Choice and Wait: entered and exited.
    once = 2 + 3 + 2 * 2

    assert LONGEST_SECONDS / LOOK_SECONDS * (once + 3) < MOST_EVENTS


def test_every_placeholder_is_substituted(first: Assembly):
    """A name left in the text would be called as it stands."""
    for machine in first.resources(STACK, "AWS::StepFunctions::StateMachine").values():
        text = machine["Properties"]["DefinitionString"]
        given = machine["Properties"]["DefinitionSubstitutions"]
        wanted = {part.split("}")[0] for part in text.split("${")[1:]}
        assert wanted == set(given)


def test_machines_call_exactly_their_functions(first: Assembly):
    """The roles allow what the definitions name, and nothing else."""
    resources = first.templates[STACK]["Resources"]
    for name in ("Release", "Chapter", "Watch"):
        given = resources[f"{name}Machine"]["Properties"]["DefinitionSubstitutions"]
        policy = resources[f"{name}MachineRole"]["Properties"]["Policies"][0]
        allowed = policy["PolicyDocument"]["Statement"][0]
        assert allowed["Action"] == ["lambda:InvokeFunction"]
        called = [arn for called, arn in given.items() if called != "ChapterMachine"]
        assert sorted(map(str, allowed["Resource"])) == sorted(map(str, called))


def test_other_partitions_have_their_own_integrations():
    """In China an ARN begins with another word."""
    text = definition("release", partition="aws-cn")

    assert "arn:aws-cn:states:::lambda:invoke" in text
    assert "arn:aws:states" not in text
