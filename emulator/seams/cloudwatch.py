"""ministack's CloudWatch keeps alarm records; datapoints and evaluation are handed to ours.

Replaced in `ministack.services.cloudwatch`: where datapoints are stored and read, when an alarm is
evaluated, what a transition tells EventBridge, and the module's clock. The names are looked up by
ministack at each call, so replacing the module's attributes is enough; a contract test checks each.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ministack.core import iam_actions, responses
from ministack.services import cloudwatch

Json = dict[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]


class BadRequestError(ValueError):
    """The caller's request is wrong; `code` is AWS's error code."""

    def __init__(self, message: str, *, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One published MetricDatum: a value, values with counts, or a statistic set."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    moment: float
    unit: str
    counted: Mapping[float, float] | None
    statistics: Mapping[str, float] | None


class Metrics(Protocol):
    """Our half: it keeps datapoints, answers queries and evaluates alarms."""

    def publish(self, account: str, region: str, datum: Datum) -> None:
        """The datum counts."""
        ...

    def get_metric_data(self, account: str, region: str, request: Json) -> Json:
        """The answer to GetMetricData, timestamps in Unix seconds."""
        ...

    def get_metric_statistics(self, account: str, region: str, request: Json) -> Json:
        """The answer to GetMetricStatistics, timestamps in Unix seconds."""
        ...

    def list_metrics(self, account: str, region: str, request: Json) -> Json:
        """The answer to ListMetrics."""
        ...

    def check_alarm(self, account: str, region: str, alarm: Json) -> None:
        """The alarm can be evaluated, or BadRequestError says why not."""
        ...

    def evaluate(self, account: str, region: str, alarm: Json) -> None:
        """The alarm is in the state that its datapoints ask for."""
        ...

    def evaluate_all(self) -> None:
        """So is every alarm."""
        ...

    def hold(self, account: str, region: str, name: str) -> None:
        """The alarm was set by hand: it stays so until its next regular evaluation."""
        ...

    def forget(self) -> None:
        """There is no datapoint."""
        ...


class _CloudTime:
    """Stands in for the `time` module in ministack's CloudWatch: its clock is the cloud's."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.time = now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def install(metrics: Metrics, now: Callable[[], float]) -> None:
    """CloudWatch's datapoints, queries and evaluations are those of `metrics`."""
    cloudwatch.time = _CloudTime(now)
    cloudwatch._store_datum = _storing(metrics)
    cloudwatch.record_metric = _recording(metrics, now)
    cloudwatch._evict_old_metrics = lambda: None
    cloudwatch._evaluate_all_alarms = metrics.evaluate_all
    cloudwatch._evaluate_alarm = lambda alarm: metrics.evaluate(*_scope(), alarm)
    cloudwatch._get_metric_data = _answering(metrics.get_metric_data, _data_timestamps)
    cloudwatch._get_metric_statistics = _answering(metrics.get_metric_statistics, _point_timestamps)
    cloudwatch._list_metrics = _answering(metrics.list_metrics, lambda answer: answer)
    cloudwatch._put_metric_alarm = _putting(metrics, cloudwatch._put_metric_alarm)
    cloudwatch._set_alarm_state = _holding(metrics, cloudwatch._set_alarm_state)
    cloudwatch._dispatch_alarm_actions = _announcing(cloudwatch._dispatch_alarm_actions)
    cloudwatch.reset = _resetting(metrics, cloudwatch.reset)
    iam_actions.request_tag_context = _with_namespace(iam_actions.request_tag_context)


def _with_namespace(built_in: Callable[..., Json]) -> Callable[..., Json]:
    """Policies see the condition key `cloudwatch:namespace` of PutMetricData."""

    def context(service: str, action: str, body: bytes, parameters: Json) -> Json:
        found = built_in(service, action, body, parameters)
        if action != "cloudwatch:PutMetricData":
            return found
        return {**found, "cloudwatch:namespace": _namespace(body, parameters)}

    return context


def _namespace(body: bytes, parameters: Json) -> str:
    """The Namespace of a request in the JSON or the query protocol; "" when it has none."""
    sent = parameters.get("Namespace")
    if sent is not None:
        return str(sent[0] if isinstance(sent, list) else sent)
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    return str(document.get("Namespace", "")) if isinstance(document, dict) else ""


def alarms() -> Iterator[tuple[str, str, Json]]:
    """Every metric alarm as (account, region, record)."""
    for (account, region, _), alarm in list(cloudwatch._alarms.to_dict().items()):
        yield account, region, alarm


def alarm_states(account: str, region: str) -> dict[str, str]:
    """The state of every alarm of the tenant, composite ones too, by name."""
    stores = (cloudwatch._alarms, cloudwatch._composite_alarms)
    return {
        name: alarm["StateValue"]
        for store in stores
        for (owner, place, name), alarm in list(store.to_dict().items())
        if (owner, place) == (account, region)
    }


def set_alarm_state(
    tenant: tuple[str, str], alarm: Json, *, state: str, reason: str, reason_data: str
) -> None:
    """The alarm is in the state; history, actions, composite alarms and EventBridge know."""
    before = alarm["StateValue"]
    moment = cloudwatch.time.time()
    alarm |= {
        "StateValue": state,
        "StateReason": reason,
        "StateReasonData": reason_data,
        "StateUpdatedTimestamp": int(moment),
        "StateTransitionedTimestamp": int(moment),
    }
    with responses.request_scope(*tenant):
        cloudwatch._record_history(
            alarm["AlarmName"], before, state, reason, reason_data=json.loads(reason_data)
        )
        cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)


def put_alarm(tenant: tuple[str, str], request: Json) -> str:
    """The alarm is as the PutMetricAlarm request says, its tags replaced; its ARN is returned."""
    with responses.request_scope(*tenant):
        answer: Answer = cloudwatch._put_metric_alarm({}, request, is_cbor=False, is_json=True)
        if answer[0] != 200:
            raise BadRequestError(json.loads(answer[2]).get("message", ""))
        name = request["AlarmName"]
        cloudwatch.cloudformation_set_metric_alarm_tags(name, request.get("Tags", []))
        return str(cloudwatch._alarms[name]["AlarmArn"])


def alarm_exists(tenant: tuple[str, str], name: str) -> bool:
    """Whether an alarm, composite or not, has the name."""
    return name in alarm_states(*tenant)


def delete_alarm(tenant: tuple[str, str], name: str) -> None:
    """There is no metric alarm of that name; ValueError if a composite alarm depends on it."""
    with responses.request_scope(*tenant):
        cloudwatch.cloudformation_delete_metric_alarm(name, refuse_dependents=True)


def _scope() -> tuple[str, str]:
    return responses.get_account_id(), responses.get_region()


def _storing(metrics: Metrics) -> Callable[..., None]:
    def store(*datum: Any) -> None:
        namespace, name, dimensions, moment, unit, value, values, counts, statistics = datum
        counted: dict[float, float] | None = None
        if statistics is None:
            listed = [value] if values is None else values
            weights = counts or [1.0] * len(listed)
            counted = {float(v): float(c) for v, c in zip(listed, weights, strict=True)}
        published = Datum(
            namespace=namespace,
            name=name,
            dimensions=dimensions,
            moment=moment,
            unit=unit,
            counted=counted,
            statistics=statistics,
        )
        metrics.publish(*_scope(), published)

    return store


def _recording(metrics: Metrics, now: Callable[[], float]) -> Callable[..., None]:
    def record_metric(  # noqa: PLR0917 - ministack's signature
        namespace: str,
        metric_name: str,
        value: float,
        unit: str = "None",
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        datum = Datum(
            namespace=namespace,
            name=metric_name,
            dimensions={} if dimensions is None else dimensions,
            moment=now(),
            unit=unit,
            counted={float(value): 1.0},
            statistics=None,
        )
        metrics.publish(*_scope(), datum)

    return record_metric


def _answering(
    query: Callable[[str, str, Json], Json], tagged: Callable[[Json], Json]
) -> Callable[..., Answer]:
    """A handler in ministack's signature that answers from `query`."""

    def handle(_params: Json, data: Json, is_cbor: bool, is_json: bool = False) -> Answer:  # noqa: FBT001, FBT002 - ministack's signature
        if not (is_cbor or is_json):
            return _refused(_QUERY_PROTOCOL, is_cbor=is_cbor, is_json=is_json)
        request = {
            name: cloudwatch._parse_ts(value) if name in {"StartTime", "EndTime"} else value
            for name, value in data.items()
        }
        try:
            answer = query(*_scope(), request)
        except BadRequestError as error:
            return _refused(error, is_cbor=is_cbor, is_json=is_json)
        return _encoded(tagged(answer) if is_cbor else answer, is_cbor=is_cbor)

    return handle


_QUERY_PROTOCOL = BadRequestError(
    "The embedded cloud answers this operation in the JSON and CBOR protocols only.",
    code="InvalidAction",
)


def _encoded(answer: Json, *, is_cbor: bool) -> Answer:
    encode = cloudwatch._cbor_ok if is_cbor else cloudwatch._json_ok
    encoded: Answer = encode(answer)
    return encoded


def _refused(error: BadRequestError, *, is_cbor: bool, is_json: bool) -> Answer:
    answer: Answer = cloudwatch._error(
        error.code, str(error), 400, use_json=is_json, use_cbor=is_cbor
    )
    return answer


def _data_timestamps(answer: Json) -> Json:
    results = [cloudwatch._cbor_metric_data_result(r) for r in answer["MetricDataResults"]]
    return answer | {"MetricDataResults": results}


def _point_timestamps(answer: Json) -> Json:
    return answer | {"Datapoints": [cloudwatch._cbor_datapoint(d) for d in answer["Datapoints"]]}


def _putting(metrics: Metrics, put: Callable[..., Answer]) -> Callable[..., Answer]:
    """PutMetricAlarm that checks what can be evaluated here and keeps metric math."""

    def handle(params: Json, data: Json, is_cbor: bool, is_json: bool = False) -> Answer:  # noqa: FBT001, FBT002 - ministack's signature
        if is_cbor or is_json:
            try:
                metrics.check_alarm(*_scope(), data)
            except BadRequestError as error:
                return _refused(error, is_cbor=is_cbor, is_json=is_json)
        answer = put(params, data, is_cbor, is_json)
        name = data.get("AlarmName")
        if answer[0] == 200 and data.get("Metrics"):
            alarm = cloudwatch._alarms[name]
            _mark_as_math(alarm, data["Metrics"])
            metrics.evaluate(*_scope(), alarm)
        return answer

    return handle


def _holding(metrics: Metrics, set_state: Callable[..., Answer]) -> Callable[..., Answer]:
    """SetAlarmState that lasts until the alarm's next regular evaluation."""

    def handle(params: Json, data: Json, is_cbor: bool, is_json: bool = False) -> Answer:  # noqa: FBT001, FBT002 - ministack's signature
        spoken = data if is_cbor or is_json else params
        metrics.hold(*_scope(), cloudwatch._p(spoken, "AlarmName"))
        return set_state(params, data, is_cbor, is_json)

    return handle


def _mark_as_math(alarm: Json, queries: list[Json]) -> None:
    for member in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"):
        alarm.pop(member, None)
    alarm["Metrics"] = queries
    alarm["Dimensions"] = []


def _announcing(dispatch: Callable[..., None]) -> Callable[..., None]:
    """Every transition is also an EventBridge event, as on AWS."""

    def announce(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
        dispatch(alarm, old_state, new_state, reason)
        from ministack.services import eventbridge  # noqa: PLC0415 - loaded when first used

        detail = {
            "alarmName": alarm["AlarmName"],
            "state": {
                "value": new_state,
                "reason": reason,
                "timestamp": cloudwatch._ts_iso(cloudwatch.time.time()),
            },
            "previousState": {"value": old_state},
            "configuration": _configuration(alarm),
        }
        if alarm.get("StateReasonData"):
            detail["state"]["reasonData"] = alarm["StateReasonData"]
        entry = {
            "Source": "aws.cloudwatch",
            "DetailType": "CloudWatch Alarm State Change",
            "Resources": [alarm["AlarmArn"]],
            "Detail": json.dumps(detail),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    return announce


def _configuration(alarm: Json) -> Json:
    if "AlarmRule" in alarm:
        return {"alarmRule": alarm["AlarmRule"]}
    configuration: Json = {"metrics": [_event_metric(query) for query in _queries(alarm)]}
    if alarm.get("AlarmDescription"):
        configuration["description"] = alarm["AlarmDescription"]
    return configuration


def _queries(alarm: Json) -> list[Json]:
    if alarm.get("Metrics"):
        listed: list[Json] = alarm["Metrics"]
        return listed
    metric = {key: alarm.get(key) for key in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": stat}}]


def _event_metric(query: Json) -> Json:
    shown: Json = {"id": query.get("Id"), "returnData": query.get("ReturnData", True)}
    stat = query.get("MetricStat")
    if stat is None:
        return shown | {"expression": query.get("Expression")}
    metric = stat["Metric"]
    named = {
        "namespace": metric.get("Namespace"),
        "name": metric.get("MetricName"),
        "dimensions": {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])},
    }
    return shown | {"metricStat": {"metric": named, "period": stat["Period"], "stat": stat["Stat"]}}


def _resetting(metrics: Metrics, reset: Callable[[], None]) -> Callable[[], None]:
    def reset_all() -> None:
        reset()
        metrics.forget()

    return reset_all
