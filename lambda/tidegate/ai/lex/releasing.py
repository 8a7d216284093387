"""The release of bot versions: the alias `live` is moved, by what users met.

Every five minutes: is there a new version behind the alias `next`? Then some of the sessions meet
it, more with each step, until it comes to everybody or goes back. Nothing else moves the alias, and
the look may run twice or be killed at any line: the alias is moved before it is written down.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.lex.settings import Canary, LexSettings
from tidegate.ai.lex.split import CANDIDATE, LIVE, SPLIT, Split, Trial, split_of
from tidegate.ai.lex.template import BOT, COUNTED, LIVE_ALIAS, NEXT
from tidegate.ai.lex.trials import PROMOTE, Counted, begun, judged
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError
from tidegate.metrics import NAMESPACE

MODELS = "lexv2-models"
_LAG_SECONDS = 120
"""What ended so long ago is counted: metrics come with the functions' logs."""
_OF_ALIAS = ("botAliasLocaleSettings", "conversationLogSettings", "sentimentAnalysisSettings")
_METRICS = {
    "live": f"{LIVE}Ended",
    "live_unhelped": f"{LIVE}Unhelped",
    "candidate": f"{CANDIDATE}Ended",
    "candidate_unhelped": f"{CANDIDATE}Unhelped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The version that users meet, the share that meets the one on trial, and why."""

    version: str
    percent: int
    why: str
    trial: str | None = None


def begin(_arrived: Arrived, ports: ServicePorts) -> Progress:
    """One look at the release."""
    settings: LexSettings = ports.settings
    newest = _alias(ports.resources[NEXT], ports)
    split = split_of(ports)
    if split is None:
        after = _first(newest, ports)
    elif settings.canary is None:
        after = split
    else:
        after = _looked(split, newest, settings.canary, ports)
    if split != after:
        content = json.dumps(after.to_json(), sort_keys=True).encode()
        ports.files.write(SPLIT, content, content_type="application/json")
    ports.metrics.put("TrialPercent", after.percent, unit="Percent")
    return Done(
        result=Released(
            version=after.version,
            percent=after.percent,
            why=after.why,
            trial=None if after.trial is None else after.trial.version,
        )
    )


def _looked(split: Split, newest: Mapping[str, Any], canary: Canary, ports: ServicePorts) -> Split:
    version, now = str(newest["botVersion"]), ports.clock.now()
    trial = split.trial
    if trial is None or trial.version != version:
        if version == split.version or version in split.rejected:
            return _kept(split, newest, ports)
        return begun(split, version, canary, now)
    verdict = judged(split, trial, _counted(trial, now, ports), canary=canary, now=now)
    if verdict.act == PROMOTE:
        _move(split.alias, trial.version, newest, ports)
    return verdict.split


def _kept(split: Split, newest: Mapping[str, Any], ports: ServicePorts) -> Split:
    """Nothing is on trial; the live alias has the function and locales of the last deploy."""
    live = _alias(split.alias, ports)
    if any(live.get(member) != newest.get(member) for member in _OF_ALIAS):
        _move(split.alias, split.version, newest, ports)
    if split.trial is None:
        return split
    return split.without_trial(version=split.version, why="nothing new was deployed")


def _alias(alias: str, ports: ServicePorts) -> Mapping[str, Any]:
    return ports.calls.call(
        MODELS, "DescribeBotAlias", botId=ports.resources[BOT], botAliasId=alias
    )


def _first(newest: Mapping[str, Any], ports: ServicePorts) -> Split:
    """The alias that users meet from now on, at the version that they meet already."""
    bot, version = ports.resources[BOT], str(newest["botVersion"])
    try:
        made = ports.calls.call(
            MODELS,
            "CreateBotAlias",
            botId=bot,
            botAliasName=LIVE_ALIAS,
            botVersion=version,
            **_settings_of(newest),
        )
    except CallRefusedError as error:
        if error.code != "ConflictException":
            raise
        alias = _named(LIVE_ALIAS, ports)  # made by a look that was killed, or by an older bucket
        _move(alias, version, newest, ports)
    else:
        alias = str(made["botAliasId"])
    return Split(alias=alias, version=version, why=f"version {version} was the first")


def _named(name: str, ports: ServicePorts) -> str:
    more: dict[str, str] = {}
    while True:
        answer = ports.calls.call(MODELS, "ListBotAliases", botId=ports.resources[BOT], **more)
        for summary in answer["botAliasSummaries"]:
            if summary["botAliasName"] == name:
                return str(summary["botAliasId"])
        if "nextToken" not in answer:
            raise CallFailedError(
                operation=f"{MODELS}:ListBotAliases", code="NoAlias", message=f"no alias {name}"
            )
        more = {"nextToken": str(answer["nextToken"])}


def _move(alias: str, version: str, newest: Mapping[str, Any], ports: ServicePorts) -> None:
    """The alias points at the version, read back; else the look is a failed one and comes again."""
    ports.calls.call(
        MODELS,
        "UpdateBotAlias",
        botId=ports.resources[BOT],
        botAliasId=alias,
        botAliasName=LIVE_ALIAS,
        botVersion=version,
        **_settings_of(newest),
    )
    found = _alias(alias, ports).get("botVersion")
    if found != version:
        message = f"the alias is at version {found}, not at {version}"
        raise CallFailedError(
            operation=f"{MODELS}:UpdateBotAlias", code="NotMoved", message=message
        )


def _settings_of(alias: Mapping[str, Any]) -> dict[str, Any]:
    return {member: alias[member] for member in _OF_ALIAS if alias.get(member)}


def _counted(trial: Trial, now: float, ports: ServicePorts) -> Counted:
    """Conversations that ended since they were counted last."""
    until = math.floor((now - _LAG_SECONDS) / 60) * 60.0
    if until <= trial.counted_until:
        return Counted(until=trial.counted_until)
    answer = ports.calls.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[_query(name, metric, ports) for name, metric in _METRICS.items()],
        StartTime=trial.counted_until,
        EndTime=until,
    )
    sums = {found["Id"]: int(sum(found["Values"])) for found in answer["MetricDataResults"]}
    return Counted(until=until, **{name: sums.get(name, 0) for name in _METRICS})


def _query(name: str, metric: str, ports: ServicePorts) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": "Service", "Value": ports.resources[COUNTED]}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
