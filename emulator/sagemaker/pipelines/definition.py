"""A pipeline definition of version 2020-12-01, read once: all its faults at once, then a value.

Pure. Step types are those of model building: Processing, Training, Transform, Tuning, Model,
RegisterModel, Condition and Fail; others are refused by name. The sentences are our own.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.pipelines import expressions

VERSION = "2020-12-01"
JOB_TYPES = ("Processing", "Training", "Transform", "Tuning")
STEP_TYPES = (*JOB_TYPES, "Model", "RegisterModel", "Condition", "Fail")
PARAMETER_TYPES = ("String", "Integer", "Float", "Boolean")
MOST_STEPS = 50
"""Steps of one pipeline: quota of SageMaker Pipelines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where a step stands when a condition decides about it."""

    condition: str
    outcome: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `needs` are the steps that must have succeeded before it can start."""

    name: str
    type: str
    arguments: Mapping[str, Any]
    needs: frozenset[str]
    property_files: Mapping[str, Mapping[str, Any]]
    branch: Branch | None = None
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter; `default` is None if each execution must give a value."""

    name: str
    type: str
    default: Any = None
    allowed: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Parameters and steps, in the order of the document."""

    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]


def definition_of(text: str) -> Definition:
    """The definition; a ValidationException names every fault of it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise errors.validation(f"Unable to parse pipeline definition: {error}") from error
    if not isinstance(document, dict):
        raise errors.validation("Unable to parse pipeline definition: it must be a JSON object.")
    faults = [*_faults(document)]
    if faults:
        raise errors.validation(" ".join(faults))
    definition = Definition(
        parameters=tuple(_parameter(each) for each in document.get("Parameters", [])),
        steps=tuple(_steps(document["Steps"], None)),
    )
    unemulated = [*_unemulated(document)]
    if unemulated:
        raise errors.not_emulated("; ".join(unemulated))
    faults = [*_reference_faults(definition)]
    if faults:
        raise errors.validation(" ".join(faults))
    return definition


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("Version") != VERSION:
        yield f"Version must be {VERSION}, got {document.get('Version')!r}."
    for each in document.get("Parameters", []):
        yield from _parameter_faults(each)
    if not isinstance(document.get("Steps"), list) or not document["Steps"]:
        yield "Steps must be a list of at least one step."
        return
    flat = [*_flat(document["Steps"])]
    if len(flat) > MOST_STEPS:
        yield f"A pipeline has at most {MOST_STEPS} steps, got {len(flat)}."
    counted = Counter(str(step.get("Name")) for step in flat)
    repeated = [name for name, count in counted.items() if count > 1]
    if repeated:
        yield f"Names of steps must be unique, got {', '.join(repeated)} more than once."
    for step in flat:
        yield from _step_faults(step)


def _parameter_faults(each: Any) -> Iterator[str]:
    if not isinstance(each, dict) or not each.get("Name"):
        yield f"A parameter needs a Name and a Type, got {str(each)[:80]}."
    elif each.get("Type") not in PARAMETER_TYPES:
        allowed = ", ".join(PARAMETER_TYPES)
        yield f"Type of parameter {each['Name']} must be {allowed}, got {each.get('Type')!r}."


def _step_faults(step: Mapping[str, Any]) -> Iterator[str]:
    name = step.get("Name")
    if not isinstance(name, str) or not name:
        yield f"A step needs a Name, got {name!r}."
    if not isinstance(step.get("Type"), str):
        yield f"Step {name} needs a Type."
    if not isinstance(step.get("Arguments"), dict):
        yield f"Step {name} needs Arguments."
    elif step["Type"] == "Condition" and not step["Arguments"].get("Conditions"):
        yield f"Condition step {name} needs Conditions."


def _unemulated(document: Mapping[str, Any]) -> Iterator[str]:
    for step in _flat(document["Steps"]):
        if step["Type"] not in STEP_TYPES:
            kinds = ", ".join(STEP_TYPES)
            yield f"the step type {step['Type']} of step {step['Name']} (here: {kinds})"
        if step.get("RetryPolicies"):
            yield f"RetryPolicies of step {step['Name']}"


def _flat(steps: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Every step, those of branches too."""
    for step in steps:
        if not isinstance(step, dict):
            yield {}
            continue
        yield step
        arguments = step.get("Arguments")
        if step.get("Type") == "Condition" and isinstance(arguments, dict):
            yield from _flat(arguments.get("IfSteps", []))
            yield from _flat(arguments.get("ElseSteps", []))


def _parameter(each: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=each["Name"],
        type=each["Type"],
        default=each.get("DefaultValue"),
        allowed=tuple(each.get("EnumValues", ())),
    )


def _steps(listed: Sequence[Mapping[str, Any]], branch: Branch | None) -> Iterator[Step]:
    for each in listed:
        arguments = dict(each["Arguments"])
        branches = {
            outcome: arguments.pop(member, [])
            for outcome, member in ((True, "IfSteps"), (False, "ElseSteps"))
            if each["Type"] == "Condition"
        }
        referred = {parts[1] for parts in expressions.references(arguments) if parts[0] == "Steps"}
        above = set() if branch is None else {branch.condition}
        yield Step(
            name=each["Name"],
            type=each["Type"],
            arguments=arguments,
            needs=frozenset({*each.get("DependsOn", []), *referred, *above}),
            property_files={
                file["PropertyFileName"]: file for file in each.get("PropertyFiles", [])
            },
            branch=branch,
            display_name=each.get("DisplayName"),
            description=each.get("Description"),
        )
        for outcome, inner in branches.items():
            yield from _steps(inner, Branch(condition=each["Name"], outcome=outcome))


def _reference_faults(definition: Definition) -> Iterator[str]:
    steps = {step.name: step for step in definition.steps}
    known = {parameter.name for parameter in definition.parameters}
    for step in definition.steps:
        unknown = sorted(step.needs - set(steps))
        if unknown:
            yield f"Step {step.name} refers to unknown steps: {', '.join(unknown)}."
        for parts in expressions.references(step.arguments):
            yield from _fault_of_reference(step, parts, known, steps)
    if not any(step.needs - set(steps) for step in definition.steps):
        yield from _cycle_faults(definition.steps)


def _fault_of_reference(
    step: Step, parts: Sequence[str], known: set[str], steps: Mapping[str, Step]
) -> Iterator[str]:
    written = ".".join(parts)
    if parts[0] == "Parameters":
        if len(parts) != 2 or parts[1] not in known:
            yield f"Step {step.name} refers to an unknown parameter: {written}."
    elif parts[0] == "Steps":
        target = steps.get(parts[1])
        files = {} if target is None else target.property_files
        asked = target is not None and parts[2:3] == ["PropertyFiles"]
        if asked and (len(parts) != 4 or parts[3] not in files):
            yield f"Step {step.name} refers to an unknown property file: {written}."
    elif parts[0] != "Execution":
        yield f"Step {step.name} refers to neither Parameters, Execution nor Steps: {written}."


def _cycle_faults(steps: Sequence[Step]) -> Iterator[str]:
    left = {step.name: set(step.needs) for step in steps}
    while left:
        free = [name for name, needs in left.items() if not needs & set(left)]
        if not free:
            yield f"Steps depend on one another in a circle: {', '.join(sorted(left))}."
            return
        for name in free:
            del left[name]
