"""Which step is next. No step is carried out here."""

import json
from typing import Any

from emulator.sagemaker.pipelines.definition import Definition, definition_of
from emulator.sagemaker.pipelines.engine import next_steps
from emulator.sagemaker.pipelines.state import Execution, Pipeline, RunStatus, StepRun

PIPELINE = Pipeline(
    name="p", arn="arn:p", role_arn="r", definition="{}", created=0, modified=0, token="t"
)


def fail(name: str, *after: str) -> dict[str, Any]:
    """A step that needs others."""
    return {"Name": name, "Type": "Fail", "Arguments": {}, "DependsOn": list(after)}


def definition() -> Definition:
    """`a` and `b`, then a condition with a branch each way."""
    steps = [
        fail("a"),
        fail("b"),
        {
            "Name": "decide",
            "Type": "Condition",
            "DependsOn": ["a"],
            "Arguments": {
                "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}],
                "IfSteps": [fail("yes")],
                "ElseSteps": [fail("no")],
            },
        },
    ]
    return definition_of(json.dumps({"Version": "2020-12-01", "Steps": steps}))


def execution(*, most: int | None = None, status: str = "Executing", **runs: Any) -> Execution:
    """An execution whose steps have these statuses; a pair has an outcome too."""
    pairs = {name: run if isinstance(run, tuple) else (run, None) for name, run in runs.items()}
    steps = {
        name: StepRun(name=name, type="Fail", status=RunStatus(state), started=0, outcome=outcome)
        for name, (state, outcome) in pairs.items()
    }
    return Execution(
        arn="arn:e",
        pipeline=PIPELINE,
        parameters={},
        given={},
        created=0,
        modified=0,
        token="t",
        status=RunStatus(status),
        steps=steps,
        parallelism=most,
    )


def names(found: Execution, *started: str) -> list[str]:
    """The steps to start now."""
    return [step.name for step in next_steps(definition(), found, started=set(started))]


def test_steps_wait_for_what_they_need():
    """And run beside one another otherwise."""
    assert names(execution()) == ["a", "b"]
    assert names(execution(a="Executing", b="Executing"), "a", "b") == []
    assert names(execution(a="Succeeded", b="Executing"), "b") == ["decide"]


def test_a_condition_opens_one_branch():
    """The other never starts."""
    done = {"a": "Succeeded", "b": "Succeeded"}
    assert names(execution(**done, decide=("Succeeded", True))) == ["yes"]
    assert names(execution(**done, decide=("Succeeded", False))) == ["no"]


def test_nothing_starts_after_a_failure_or_a_stop():
    """What runs ends by itself."""
    assert names(execution(a="Failed")) == []
    assert names(execution(a="Stopped")) == []
    assert names(execution(status="Stopping")) == []


def test_parallelism_bounds_how_many_run_at_once():
    """Those that run count."""
    assert names(execution(most=1)) == ["a"]
    assert names(execution(most=1, a="Executing"), "a") == []
