"""Rules of stage conditions: an alarm's state, a variable's value; a function's is an action's."""

import re
from collections.abc import Callable, Mapping

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, JOB_FAILED, ActionError

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "EQ": lambda variable, value: variable == value,
    "NE": lambda variable, value: variable != value,
    "MATCHES": lambda variable, value: re.search(value, variable) is not None,
    "NOT_MATCHES": lambda variable, value: re.search(value, variable) is None,
}


def alarm(context: Context) -> Outcome:
    """The alarm is in one of the desired states, or came into one within the wait time (minutes).

    The rule succeeds at once where it is so when it is first looked at (CodePipeline User Guide,
    "CloudWatchAlarm"). OK is what is desired where nothing is said; AWS's guide names no default.
    """
    name = context.required("AlarmName")
    given = context.configuration.get("AlarmStates", "OK")
    desired = [state.strip() for state in given.split(",")]
    minutes = float(context.configuration.get("WaitTime", "0"))
    clock, client = context.services.clock, context.client("cloudwatch")
    end = clock.now() + 60.0 * minutes

    def judged() -> bool | None:
        found = context.call(client, "describe_alarms", AlarmNames=[name])
        alarms = [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]
        if not alarms:
            raise ActionError(CONFIGURATION_ERROR, f"The alarm {name} does not exist")
        state = alarms[0]["StateValue"]
        if state not in desired and clock.now() >= end:
            raise ActionError(JOB_FAILED, f"The alarm {name} is in state {state}")
        return True if state in desired else None

    context.wait_for(judged)
    return Outcome(summary=f"The alarm {name} is in state {' or '.join(desired)}")


def variable(context: Context) -> Outcome:
    """The variable's value stands to the given one as the operator says."""
    operator = context.required("Operator")
    if operator not in _OPERATORS:
        raise ActionError(
            CONFIGURATION_ERROR,
            f"Operator must be one of {', '.join(_OPERATORS)}, got {operator}",
        )
    found, value = context.required("Variable"), context.required("Value")
    if not _OPERATORS[operator](found, value):
        raise ActionError(JOB_FAILED, f"{found!r} {operator} {value!r} does not hold")
    return Outcome(summary=f"{found!r} {operator} {value!r} holds")
