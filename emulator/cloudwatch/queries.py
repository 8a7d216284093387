"""GetMetricData, GetMetricStatistics and ListMetrics over the metric store. Pure but for reading.

Requests are dictionaries in the API's own shape; timestamps in answers are whole Unix seconds and
are encoded by whoever speaks the protocol.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.cloudwatch import expressions
from emulator.cloudwatch.expressions import ExpressionError, Scope, Series
from emulator.cloudwatch.series import is_statistic, statistic
from emulator.cloudwatch.store import LISTED_SECONDS, MetricKey, MetricStore, dimensions_of

Json = dict[str, Any]


class QueryError(ValueError):
    """The request is wrong; the message is for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Whose metrics are asked for."""

    account: str
    region: str

    def key(self, metric: Mapping[str, Any]) -> MetricKey:
        """The metric that a `Metric` structure (Namespace, MetricName, Dimensions) names."""
        pairs = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
        return MetricKey(
            account=self.account,
            region=self.region,
            namespace=str(metric.get("Namespace", "")),
            name=str(metric.get("MetricName", "")),
            dimensions=dimensions_of(pairs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One MetricDataQuery: a statistic of a metric, or an expression over others."""

    id: str
    label: str
    returned: bool
    key: MetricKey | None = None
    stat: str = "Average"
    period: int | None = None
    expression: str | None = None


def parse_queries(listed: Sequence[Mapping[str, Any]], tenant: Tenant) -> tuple[Query, ...]:
    """The queries; QueryError if one is neither metric nor expression, or not emulated."""
    return tuple(_parsed(query, tenant) for query in listed)


def _parsed(query: Mapping[str, Any], tenant: Tenant) -> Query:
    identity = str(query.get("Id", ""))
    returned = bool(query.get("ReturnData", True))
    period = query.get("Period")
    if query.get("Expression") is not None:
        return Query(
            id=identity,
            label=str(query.get("Label", identity)),
            returned=returned,
            period=None if period is None else int(period),
            expression=str(query["Expression"]),
        )
    stat = query.get("MetricStat")
    if stat is None:
        raise QueryError(f"query {identity!r} needs a MetricStat or an Expression")
    if not is_statistic(str(stat["Stat"])):
        raise QueryError(f"the embedded cloud does not emulate the statistic {stat['Stat']!r}")
    return Query(
        id=identity,
        label=str(query.get("Label", stat["Metric"].get("MetricName", identity))),
        returned=returned,
        key=tenant.key(stat["Metric"]),
        stat=str(stat["Stat"]),
        period=int(stat["Period"]),
    )


def common_period(queries: Iterable[Query]) -> int:
    """The longest period of the queries, the one in which an expression over them has points."""
    periods = [query.period for query in queries if query.period is not None]
    return max(periods, default=60)


def compute_all(
    queries: Sequence[Query], series_of: Callable[[Query], Series], moments: Sequence[int]
) -> dict[str, Series]:
    """The series of every query, expressions after what they use; QueryError if they are cyclic."""
    by_id = {query.id: query for query in queries}
    done: dict[str, Series] = {q.id: series_of(q) for q in queries if q.expression is None}
    metrics = dict(done)

    def resolve(query: Query, path: tuple[str, ...]) -> Series:
        if query.id in path:
            raise QueryError(f"the expressions {', '.join(path)} use one another in a circle")
        expression = query.expression or ""
        used = expressions.identifiers(expression)
        for identity in used & by_id.keys():
            if identity not in done:
                done[identity] = resolve(by_id[identity], (*path, query.id))
        # METRICS() means the metrics alone, never the results of other expressions.
        visible = metrics | {identity: done[identity] for identity in used if identity in done}
        return expressions.compute(expression, Scope(series=visible, moments=moments))

    for query in queries:
        if query.id not in done:
            done[query.id] = resolve(query, ())
    return done


def get_metric_data(
    store: MetricStore, tenant: Tenant, request: Mapping[str, Any], window: tuple[float, float]
) -> Json:
    """GetMetricData; newest datapoints first unless `ScanBy` says otherwise, as on AWS."""
    start, end = window
    queries = parse_queries(request.get("MetricDataQueries", []), tenant)
    period = common_period(queries)
    first = math.floor(start / period) * period
    moments = range(first, math.ceil(end), period)

    def series_of(query: Query) -> Series:
        if query.key is None or query.period is None:
            return {}
        buckets = store.buckets(query.key, start, end, query.period)
        values = {moment: statistic(point, query.stat) for moment, point in buckets.items()}
        return {moment: value for moment, value in values.items() if value is not None}

    try:
        computed = compute_all(queries, series_of, moments)
    except ExpressionError as error:
        raise QueryError(f"{error}") from error
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = [
        _result(query, computed[query.id], newest_first=newest_first)
        for query in queries
        if query.returned
    ]
    return {"MetricDataResults": results, "Messages": []}


def _result(query: Query, series: Series, *, newest_first: bool) -> Json:
    moments = sorted(series, reverse=newest_first)
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": moments,
        "Values": [series[moment] for moment in moments],
        "StatusCode": "Complete",
    }


def get_metric_statistics(
    store: MetricStore, tenant: Tenant, request: Mapping[str, Any], window: tuple[float, float]
) -> Json:
    """GetMetricStatistics: the datapoints of one metric, oldest first."""
    key = tenant.key(request)
    wanted = [*request.get("Statistics", []), *request.get("ExtendedStatistics", [])]
    unknown = [name for name in wanted if not is_statistic(name)]
    if unknown or not wanted:
        raise QueryError(
            f"the embedded cloud emulates the basic statistics and percentiles, got {unknown}"
        )
    buckets = store.buckets(key, *window, int(request["Period"]))
    unit = store.unit(key)
    extended = request.get("ExtendedStatistics", [])
    datapoints = []
    for moment, point in buckets.items():
        values = {name: statistic(point, name) for name in wanted}
        shown: Json = {"Timestamp": moment, "Unit": unit}
        shown |= {n: v for n, v in values.items() if v is not None and n not in extended}
        if extended:
            kept = {n: values[n] for n in extended if values[n] is not None}
            shown["ExtendedStatistics"] = kept
        datapoints.append(shown)
    return {"Label": key.name, "Datapoints": datapoints}


def list_metrics(
    store: MetricStore, tenant: Tenant, request: Mapping[str, Any], now: float
) -> Json:
    """ListMetrics: every metric with data in the last two weeks that matches all that is given."""
    wanted = request.get("Dimensions", [])
    found = [
        key
        for key in store.keys(tenant.account, tenant.region)
        if request.get("Namespace") in {None, key.namespace}
        and request.get("MetricName") in {None, key.name}
        and all(_has_dimension(key, dimension) for dimension in wanted)
        and (store.newest(key) or 0) >= now - LISTED_SECONDS
    ]
    return {"Metrics": [_metric(key) for key in found]}


def _has_dimension(key: MetricKey, wanted: Mapping[str, Any]) -> bool:
    pairs = dict(key.dimensions)
    name = wanted["Name"]
    return name in pairs and wanted.get("Value") in {None, pairs[name]}


def _metric(key: MetricKey) -> Json:
    return {
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
    }
