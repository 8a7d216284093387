"""State machines: their states, and what their tasks ask of AWS."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

from gate.finding import Fault, Path
from gate.policies import rights, role_of, wholly_known
from gate.requests import Reading, faults_of, input_of
from gate.rule import Rule, each
from gate.sdk import Call, call_of
from gate.template import Json, Resource, mappings, text_of

KIND = "AWS::StepFunctions::StateMachine"
_ENDS = ("Succeed", "Fail")
_GUIDE = "Amazon States Language; Step Functions developer guide"
_HOLE = re.compile(r"\$\{[^}]*\}")


def _definition(machine: Resource) -> tuple[Path, Json | str] | None:
    """Where the definition is, and it, or a sentence on why it is none; None if it is elsewhere."""
    given = machine.at("Definition")
    if isinstance(given, Mapping):
        return ("Definition",), given
    text = text_of(machine.at("DefinitionString"))
    if text is None:
        return None
    try:
        # A number may be filled in without quotes: as text it reads as well.
        read = json.loads(_unquoted(text))
    except ValueError as error:
        return ("DefinitionString",), f"it is not JSON: {error}"
    whole = isinstance(read, Mapping)
    return ("DefinitionString",), read if whole else "it is no JSON object"


def _unquoted(text: str) -> str:
    return re.sub(r"(?<=[:\[,])\s*(\$\{[^}]*\})\s*(?=[,}\]])", r'"\1"', text)


@each(KIND)
def _body(machine: Resource) -> Iterator[Fault]:
    found = _definition(machine)
    if found is None:
        return
    path, definition = found
    if isinstance(definition, str):
        yield machine.fault(path, definition)
    else:
        yield from _states_faults(machine, path, definition)


def _states_faults(machine: Resource, path: Path, level: Json) -> Iterator[Fault]:
    states = level.get("States")
    if not isinstance(states, Mapping) or not states:
        yield machine.fault((*path, "States"), "a machine needs states")
        return
    known = ", ".join(sorted(states))
    start = level.get("StartAt")
    if start not in states:
        yield machine.fault((*path, "StartAt"), "no such state", got=start, allowed=known)
    for name, state in states.items():
        at = (*path, "States", name)
        for missing in sorted(set(_next(state)) - set(states)):
            yield machine.fault(at, "it goes on to no state", got=missing, allowed=known)
        if not _ends_or_goes_on(state):
            yield machine.fault(
                at, "it neither ends nor goes on", allowed="Next or End, one of both"
            )
        for inner, deeper in _levels(state):
            yield from _states_faults(machine, (*at, *inner), deeper)
    reached = {start, *(one for state in states.values() for one in _next(state))}
    for name in sorted(set(states) - reached):
        yield machine.fault(
            (*path, "States", name), "no state leads here", advice="drop it, or lead to it"
        )


def _ends_or_goes_on(state: Json) -> bool:
    """Whether it does one of the two; a Choice goes on by its rules."""
    ends = state.get("End") is True or state.get("Type") in _ENDS
    if state.get("Type") == "Choice":
        return not ends and bool(mappings(state.get("Choices")))
    return ends != isinstance(state.get("Next"), str)


def _next(state: Json) -> Iterator[str]:
    for key in ("Next", "Default"):
        if isinstance(state.get(key), str):
            yield state[key]
    for branch in (*mappings(state.get("Choices")), *mappings(state.get("Catch"))):
        if isinstance(branch.get("Next"), str):
            yield branch["Next"]


def _levels(state: Json) -> Iterator[tuple[Path, Json]]:
    for index, branch in enumerate(mappings(state.get("Branches"))):
        yield ("Branches", index), branch
    for key in ("Iterator", "ItemProcessor"):
        if isinstance(state.get(key), Mapping):
            yield (key,), state[key]


def _states(level: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    states = level.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if isinstance(state, Mapping):
            yield (*path, "States", name), state
            for inner, deeper in _levels(state):
                yield from _states(deeper, (*path, "States", name, *inner))


def _calls(machine: Resource) -> Iterator[tuple[Path, Json, Call]]:
    """Tasks that call an operation of a service, and the operation."""
    found = _definition(machine)
    if found is None or isinstance(found[1], str):
        return
    for path, state in _states(found[1], found[0]):
        if state.get("Type") == "Task":
            call = call_of(str(state.get("Resource")))
            if call is not None:
                yield path, state, call


def _filled(shape: Shape, value: Any) -> bool:
    """Whether a value is known only when the machine runs: an expression, or filled in at deploy.

    An object where a text belongs is written as JSON by Step Functions.
    """
    if isinstance(value, Mapping | list):
        return shape.type_name in {"string", "blob"}
    return isinstance(value, str) and (
        _HOLE.search(value) is not None or value.startswith(("{%", "$.", "$$.", "States."))
    )


def _named(name: str, members: Mapping[str, Any]) -> str:
    """The member that a parameter is: `Name.$` is Name; the first letter may be small or not."""
    plain = name.removesuffix(".$")
    for one in (plain, plain[:1].lower() + plain[1:]):
        if one in members:
            return one
    small = {member.lower(): member for member in members}
    return small.get(plain.lower(), plain)


def _known_later(parameters: Any) -> Any:
    """The parameters, with a hole where `Name.$` reads the input."""
    if isinstance(parameters, Mapping):
        return {
            key: "${input}" if str(key).endswith(".$") else _known_later(inner)
            for key, inner in parameters.items()
        }
    return [_known_later(one) for one in parameters] if isinstance(parameters, list) else parameters


@each(KIND)
def _arguments(machine: Resource) -> Iterator[Fault]:
    reading = Reading(filled=_filled, named=_named)
    for path, state, call in _calls(machine):
        try:
            shape = input_of(call.service, call.operation)
        except LookupError as error:
            resource = state.get("Resource")
            yield machine.fault((*path, "Resource"), f"{error}", got=resource)
            continue
        key = "Arguments" if "Arguments" in state else "Parameters"
        given = state.get(key, {})
        if shape is None or not isinstance(given, Mapping) or call.wrapped:
            continue
        for bad in faults_of(shape, _known_later(given), "", reading):
            where = tuple(part for part in bad.where.strip(".").split(".") if part)
            yield machine.fault((*path, key, *where), bad.wrong, allowed=bad.allowed)


@each(KIND)
def _may(machine: Resource) -> Iterator[Fault]:
    role = role_of(machine, machine.at("RoleArn"))
    if role is None or not wholly_known(role):
        return
    may = rights(role)
    missing: dict[str, list[str]] = {}
    for path, state, call in _calls(machine):
        # With Credentials another role makes the call, and this one takes it on.
        for action in ("sts:AssumeRole",) if "Credentials" in state else call.actions:
            if not any(statement.covers(action) for statement in may):
                missing.setdefault(action, []).append(str(path[-1]))
    for action, tasks in sorted(missing.items()):
        yield machine.fault(
            ("RoleArn",),
            f"{role.id} may not {action}, which {', '.join(sorted(set(tasks)))} does",
            got=f"no {action}",
            advice=f"add {action} on what the task names to a policy of {role.id}",
        )


@each(KIND)
def _passing(machine: Resource) -> Iterator[Fault]:
    role = role_of(machine, machine.at("RoleArn"))
    if role is None or not wholly_known(role):
        return
    passing = [
        str(path[-1])
        for path, state, _call in _calls(machine)
        if _passes(state.get("Parameters")) or _passes(state.get("Arguments"))
    ]
    if passing and not any(statement.covers("iam:PassRole") for statement in rights(role)):
        yield machine.fault(
            ("RoleArn",),
            f"{role.id} may not pass the role that {', '.join(passing)} names",
            got="no iam:PassRole",
            allowed="iam:PassRole on that role",
        )


_PASSED = frozenset({"rolearn", "executionrolearn", "dataaccessrolearn", "servicerole"})


def _passes(parameters: Any) -> bool:
    if not isinstance(parameters, Mapping):
        return False
    return any(str(key).removesuffix(".$").lower() in _PASSED for key in parameters)


RULES = (
    Rule(
        id="machine-body",
        holds="a machine's definition is JSON, and its states lead to one another and to an end",
        source=_GUIDE,
        check=_body,
    ),
    Rule(
        id="machine-arguments",
        holds="a task asks a service for what it can be asked for",
        source="botocore's service models: required, types, limits, patterns, values",
        check=_arguments,
    ),
    Rule(
        id="machine-role",
        holds="a machine's role may do what its tasks do",
        source="Step Functions developer guide, Service integration policies",
        check=_may,
    ),
    Rule(
        id="machine-pass-role",
        holds="a machine's role may pass on the roles that its tasks name",
        source="IAM user guide, Granting a user permissions to pass a role to an AWS service",
        check=_passing,
    ),
)
