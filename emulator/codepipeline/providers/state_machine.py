"""Step Functions: an execution is started; one of a Standard machine is waited for."""

import json
from typing import Any

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, JOB_FAILED, ActionError


def run(context: Context) -> Outcome:
    """The execution has succeeded (Standard) or was started (Express)."""
    machine = context.required("StateMachineArn")
    region = machine.split(":")[3] if machine.count(":") >= 6 else context.region
    states = context.client("stepfunctions", region)
    kind = context.call(states, "describe_state_machine", stateMachineArn=machine)["type"]
    prefix = context.configuration.get("ExecutionNamePrefix")
    name = context.run.id if not prefix else f"{prefix}-{context.run.id}"[:80]
    started = context.call(
        states, "start_execution", stateMachineArn=machine, name=name, input=_input(context)
    )
    arn = started["executionArn"]
    context.run.external_id = arn
    variables = {"ExecutionArn": arn, "StateMachineArn": machine}
    if kind == "EXPRESS":
        return Outcome(variables=variables)

    def ended() -> Any | None:
        seen = context.call(states, "describe_execution", executionArn=arn)
        return seen if seen["status"] != "RUNNING" else None

    done = context.wait_for(ended)
    if done["status"] != "SUCCEEDED":
        raise ActionError(JOB_FAILED, _failure(done))
    for output in context.outputs:
        context.put_output_files(output, {"output.json": done.get("output", "{}")})
    return Outcome(variables=variables)


def _input(context: Context) -> str:
    given = context.configuration.get("Input", "{}")
    kind = context.configuration.get("InputType", "Literal")
    if kind == "FilePath":
        inputs = list(context.run.inputs)
        if not inputs:
            raise ActionError(CONFIGURATION_ERROR, "InputType FilePath needs an input artifact")
        return context.input_file(f"{inputs[0]}::{given}")
    if kind != "Literal":
        raise ActionError(CONFIGURATION_ERROR, f"InputType must be Literal or FilePath, got {kind}")
    try:
        json.loads(given)
    except ValueError as error:
        raise ActionError(CONFIGURATION_ERROR, f"Input is no valid JSON: {error}") from error
    return given


def _failure(done: Any) -> str:
    said = f"The state machine execution {done['executionArn']} ended with {done['status']}"
    details = [f"{name}: {done[name]}" for name in ("error", "cause") if done.get(name)]
    return "; ".join([said, *details])
