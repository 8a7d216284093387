"""Metrics of state machines in `AWS/States`: how many executions began and how they ended.

Names, unit and dimension: Step Functions developer guide, "Monitoring Step Functions metrics using
Amazon CloudWatch". Metrics of tasks and of the service's own quotas are not published.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.cloudwatch.plugin import installed
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.runtime import Runtime

NAMESPACE = "AWS/States"
COUNTS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}
"""The metric that counts each status."""


def install(runtime: Runtime) -> None:
    """Every change of an execution's status counts."""
    from emulator.seams import statemachines as seam  # noqa: PLC0415 - imports ministack

    cloudwatch = installed(runtime)

    def count(execution: Mapping[str, Any]) -> None:
        machine = execution["stateMachineArn"]
        for name, value, unit in datapoints(execution):
            key = MetricKey(
                account=machine.split(":")[4],
                region=machine.split(":")[3],
                namespace=NAMESPACE,
                name=name,
                dimensions=dimensions_of({"StateMachineArn": machine}),
            )
            cloudwatch.add(key, {value: 1.0}, unit=unit)

    seam.on_status(count)


def datapoints(execution: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """Name, value and unit of what the present status of an execution says."""
    status = execution["status"]
    found = [(COUNTS[status], 1.0, "Count")] if status in COUNTS else []
    if execution.get("stopDate"):
        began, ended = (_moment(execution[name]) for name in ("startDate", "stopDate"))
        found.append(("ExecutionTime", (ended - began).total_seconds() * 1000, "Milliseconds"))
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
