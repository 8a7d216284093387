"""Profiler, functions and bills as AWS tells them: CodeGuru Profiler, Lambda, CloudWatch."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.profiling.costs import Billed
from cli.profiling.ports import Advice, ProfiledFunction
from cli.profiling.samples import Profile, read_profile
from cli.profiling.window import GRID_SECONDS, Window, moment
from tidegate_aws.errors import code_of

_ABSENT = "ResourceNotFoundException"
_GROUP, _HANDLER = "AWS_CODEGURU_PROFILER_GROUP_NAME", "PROFILED_HANDLER"
"""Variables that a profiled function has."""
_METRICS = {"requests": "Invocations", "milliseconds": "Duration"}
_MOST_QUERIES = 500
"""Of one GetMetricData (API reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGuruProfiler:
    """Port `Profiler` over CodeGuru Profiler."""

    client: Any

    def profile(self, group: str, window: Window) -> Profile | None:
        """The aggregated profile of the window; None where there is none yet."""
        try:
            answer = self.client.get_profile(
                profilingGroupName=group,
                accept="application/json",
                startTime=moment(window.start),
                endTime=moment(window.end),
            )
        except ClientError as error:
            if code_of(error) != _ABSENT:
                raise
            return None
        found = read_profile(answer["profile"].read())
        return found if found.root.get("children") else None

    def advice(self, group: str, window: Window) -> tuple[Advice, ...]:
        """What it recommends, what is about most samples first."""
        answer = self.client.get_recommendations(
            profilingGroupName=group, startTime=moment(window.start), endTime=moment(window.end)
        )
        found = [_advice(one) for one in answer["recommendations"]]
        return tuple(sorted(found, key=lambda one: -one.percent))


def _advice(told: Mapping[str, Any]) -> Advice:
    pattern = told["pattern"]
    return Advice(
        name=str(pattern.get("name", pattern.get("id", "unnamed"))),
        percent=float(told["allMatchesSum"]),
        steps=str(pattern.get("resolutionSteps", pattern.get("description", ""))),
        frames=tuple(str(match.get("frameAddress", "")) for match in told["topMatches"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunctions:
    """Port `Functions` over Lambda."""

    client: Any

    def profiled(self, group: str) -> tuple[ProfiledFunction, ...]:
        """Those whose variables name the group, by name."""
        pages = self.client.get_paginator("list_functions").paginate()
        found = (_function(told, group) for page in pages for told in page["Functions"])
        return tuple(sorted((f for f in found if f is not None), key=lambda f: f.name))


def _function(told: Mapping[str, Any], group: str) -> ProfiledFunction | None:
    variables = told.get("Environment", {}).get("Variables", {})
    if variables.get(_GROUP) != group or _HANDLER not in variables:
        return None
    return ProfiledFunction(
        name=told["FunctionName"],
        handler=variables[_HANDLER],
        memory_megabytes=int(told["MemorySize"]),
        architecture=told.get("Architectures", ["x86_64"])[0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchBills:
    """Port `Bills` over the metrics of Lambda, `AWS/Lambda`."""

    client: Any

    def billed(self, functions: Sequence[ProfiledFunction], window: Window) -> tuple[Billed, ...]:
        """Requests and seconds of each function in the window, which is on the grid."""
        sums = self._sums(functions, window)
        return tuple(
            Billed(
                name=function.name,
                package=function.package,
                memory_megabytes=function.memory_megabytes,
                architecture=function.architecture,
                requests=sums[f"requests{place}"],
                seconds=sums[f"milliseconds{place}"] / 1_000,
            )
            for place, function in enumerate(functions)
        )

    def _sums(self, functions: Sequence[ProfiledFunction], window: Window) -> Mapping[str, float]:
        found: dict[str, float] = defaultdict(float)
        queries = list(_queries(functions))
        for begin in range(0, len(queries), _MOST_QUERIES):
            pages = self.client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=queries[begin : begin + _MOST_QUERIES],
                StartTime=moment(window.start),
                EndTime=moment(window.end),
            )
            for result in (result for page in pages for result in page["MetricDataResults"]):
                found[result["Id"]] += sum(result["Values"])
        return found


def _queries(functions: Sequence[ProfiledFunction]) -> Iterator[dict[str, Any]]:
    for place, function in enumerate(functions):
        for name, metric in _METRICS.items():
            measured = {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": "FunctionName", "Value": function.name}],
            }
            yield {
                "Id": f"{name}{place}",
                "MetricStat": {"Metric": measured, "Period": GRID_SECONDS, "Stat": "Sum"},
            }
