"""What agents ask and post, and what is read of it: aggregated profiles, their times, advice."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.profiler import callgraph
from emulator.ai.profiler.callgraph import Node, ProfileError
from emulator.ai.profiler.groups import RECORDED, Groups
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

ENGINE = "aggregated"
PERIODS = {"PT5M": 300.0, "PT1H": 3_600.0, "P1D": 86_400.0}
AGENT_PARAMETERS = {
    "SamplingIntervalInMilliseconds": "20",
    "MinimumTimeForReportingInMilliseconds": "1000",
    "MemoryUsageLimitPercent": "10",
    "MaxStackDepth": "1000",
}
"""AWS samples each second and wants a minute of it: functions run briefly here."""
REPORTING_SECONDS = 5
_JSON_TYPES = ("application/json", "*/*", "")
_PAGES = Paging(most=1_000, code="ValidationException", size="maxResults", token="nextToken")  # noqa: S106 - a member's name
_CLIENTS = ("boto3:client", "boto3:resource", "session:Session:client", "session:Session:resource")
_THRESHOLD_PERCENT = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Profiles:
    """The operations on profiles."""

    now: Callable[[], float]
    groups: Groups

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "ConfigureAgent": self._configure,
            "PostAgentProfile": self._post,
            "GetProfile": self._get,
            "ListProfileTimes": self._times,
            "GetRecommendations": self._recommendations,
        }

    def _configure(self, call: Call) -> Answer:
        group = self.groups.get(call.tenant, call.request["profilingGroupName"])
        self.groups.change(group, asked=self.now())
        configuration = {
            "shouldProfile": group.enabled,
            "periodInSeconds": REPORTING_SECONDS,
            "agentParameters": dict(AGENT_PARAMETERS),
        }
        return Answer(body={"configuration": configuration}, engine=RECORDED)

    def _post(self, call: Call) -> Answer:
        group = self.groups.get(call.tenant, call.request["profilingGroupName"])
        if call.request["contentType"] != "application/json":
            kind = call.request["contentType"]
            raise RefusedRequestError(NOT_EMULATED, not_emulated(f"profiles of type {kind}"))
        try:
            root = callgraph.read_profile(call.request["agentProfile"])
        except ProfileError as error:
            raise RefusedRequestError("ValidationException", str(error)) from error
        self.groups.post(group, root)
        return Answer(body={}, engine=RECORDED)

    def _get(self, call: Call) -> Answer:
        request = call.request
        if request.get("accept", "") not in _JSON_TYPES:
            raise RefusedRequestError(
                NOT_EMULATED, not_emulated(f"profiles in {request['accept']}")
            )
        start, end = self._window(request)
        root = self._between(call, start, end)
        told = {
            "profilingGroupName": request["profilingGroupName"],
            "start": int(1000 * start),
            "end": int(1000 * end),
            "callgraph": root.to_json(request.get("maxDepth")),
        }
        body = {"profile": json.dumps(told).encode(), "contentType": "application/json"}
        return Answer(body=body, engine=ENGINE)

    def _times(self, call: Call) -> Answer:
        group = self.groups.get(call.tenant, call.request["profilingGroupName"])
        period = PERIODS[call.request["period"]]
        start, end = _moment(call.request["startTime"]), _moment(call.request["endTime"])
        times = {math.floor(p.moment / period) * period for p in self.groups.posted(group)}
        latest_first = call.request.get("orderBy", "TimestampDescending") == "TimestampDescending"
        chosen = sorted((t for t in times if start <= t < end), reverse=latest_first)
        page = _PAGES.page(
            chosen, call.request, member="profileTimes", shown=lambda moment: {"start": moment}
        )
        return Answer(body=page, engine=ENGINE)

    def _recommendations(self, call: Call) -> Answer:
        start, end = _moment(call.request["startTime"]), _moment(call.request["endTime"])
        root = self._between(call, start, end)
        body = {
            "profilingGroupName": call.request["profilingGroupName"],
            "profileStartTime": start,
            "profileEndTime": end,
            "recommendations": _advice(root, start, end),
            "anomalies": [],
        }
        return Answer(body=body, engine=f"{ENGINE}+rules")

    def _between(self, call: Call, start: float, end: float) -> Node:
        group = self.groups.get(call.tenant, call.request["profilingGroupName"])
        if end <= start:
            raise RefusedRequestError("ValidationException", "endTime must come after startTime")
        posted = self.groups.posted(group)
        return callgraph.merged(each.root for each in posted if start <= each.moment < end)

    def _window(self, request: Mapping[str, Any]) -> tuple[float, float]:
        """Two of start, end and period; the last period without any (API reference, GetProfile)."""
        period = request.get("period")
        if period is not None and period not in PERIODS:
            allowed = ", ".join(PERIODS)
            raise RefusedRequestError(
                "ValidationException", f"period must be one of {allowed}, got {period}"
            )
        given = [request.get("startTime"), request.get("endTime"), period]
        if all(each is not None for each in given):
            raise RefusedRequestError(
                "ValidationException", "startTime, endTime and period are one too many"
            )
        length = PERIODS["PT5M" if period is None else period]
        if request.get("startTime") is not None:
            start = _moment(request["startTime"])
            end = request.get("endTime")
            return start, start + length if end is None else _moment(end)
        end = self.now() if request.get("endTime") is None else _moment(request["endTime"])
        return end - length, end


def _moment(told: Any) -> float:
    """A timestamp of the request as Unix seconds."""
    return float(told.timestamp()) if hasattr(told, "timestamp") else float(told)


def _advice(root: Node, start: float, end: float) -> list[Json]:
    """Clients of AWS that are made anew in each call: the one rule that is here."""
    whole = root.total
    shares = [
        (100.0 * node.total / whole, way[-1])
        for way, node in callgraph.stacks(root)
        if way[-1].endswith(_CLIENTS) and not any(name.endswith(_CLIENTS) for name in way[:-1])
    ]
    share = sum(each for each, _ in shares)
    if share < _THRESHOLD_PERCENT:
        return []
    pattern = {
        "id": "recreated-sdk-clients",
        "name": "Recreation of AWS SDK service clients",
        "description": "Clients of AWS are made in calls that could share one.",
        "resolutionSteps": "Make each client once, outside the handler, and use it again.",
        "targetFrames": [[name] for name in _CLIENTS],
        "thresholdPercent": _THRESHOLD_PERCENT,
    }
    worst = [
        {"frameAddress": frame, "targetFramesIndex": 0, "thresholdBreachValue": each}
        for each, frame in sorted(shares, reverse=True)[:10]
    ]
    return [
        {
            "allMatchesCount": len(shares),
            "allMatchesSum": share,
            "startTime": start,
            "endTime": end,
            "pattern": pattern,
            "topMatches": worst,
        }
    ]
