"""Metrics of functions in `AWS/Lambda`: how often each ran, how long, and how often it failed.

Names, units and dimension: Lambda developer guide, "Types of metrics for Lambda functions".
Durations are of real time, without the start of an environment, as on AWS. Metrics by version or
alias and of concurrency are not published. What is throttled is counted by the seam.
"""

from emulator.cloudwatch.plugin import installed
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.invocations import Environment, Outcome
from emulator.lambdas import executor_of
from emulator.runtime import Runtime

NAMESPACE = "AWS/Lambda"


def install(runtime: Runtime) -> None:
    """Every invocation counts."""
    cloudwatch = installed(runtime)

    def count(environment: Environment, outcome: Outcome) -> None:
        _, _, _, region, account, _, name = environment.function_arn.split(":")[:7]
        for metric, value, unit in datapoints(outcome):
            key = MetricKey(
                account=account,
                region=region,
                namespace=NAMESPACE,
                name=metric,
                dimensions=dimensions_of({"FunctionName": name}),
            )
            cloudwatch.add(key, {value: 1.0}, unit=unit)

    executor_of(runtime).on_outcome(count)


def datapoints(outcome: Outcome) -> list[tuple[str, float, str]]:
    """Name, value and unit of what one invocation says: without an error it counts as none."""
    return [
        ("Invocations", 1.0, "Count"),
        ("Errors", 0.0 if outcome.error is None else 1.0, "Count"),
        ("Throttles", 0.0, "Count"),
        ("Duration", outcome.duration_seconds * 1000, "Milliseconds"),
    ]
