"""CloudWatch's metrics and alarms in operation: what the seam hands over is answered here.

One lock serialises evaluations: datapoints, stacks and the timer ask from several threads, and an
alarm must not change state twice for one reason.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.cloudwatch import alarms, queries, reasons
from emulator.cloudwatch.alarms import Definition
from emulator.cloudwatch.embedded import embedded_values
from emulator.cloudwatch.evaluation import State
from emulator.cloudwatch.expressions import ExpressionError
from emulator.cloudwatch.queries import QueryError, Tenant
from emulator.cloudwatch.series import Datapoint, of_statistics, of_values
from emulator.cloudwatch.store import MetricKey, MetricStore, dimensions_of
from emulator.seams import cloudwatch as seam

_log = logging.getLogger(__name__)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """All that an evaluation of an alarm depends on: where this is as before, so is its finding."""

    definition: Definition
    version: int
    end: int | None
    """Where its windows end; None where they have left all data behind, and move for nothing."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatch:
    """The metrics of one embedded cloud; `now` is the cloud's clock in Unix seconds."""

    now: Callable[[], float]
    store: MetricStore = field(default_factory=MetricStore)
    _evaluating: threading.RLock = field(default_factory=threading.RLock)
    _held: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _seen: dict[tuple[str, str, str], _Sight] = field(default_factory=dict)

    def add(self, key: MetricKey, counted: Mapping[float, float], *, unit: str) -> None:
        """The values, each as often as it says, were seen now; alarms hear of it in due time."""
        self.store.add(key, self.now(), of_values(counted), unit=unit)

    def publish(self, account: str, region: str, datum: seam.Datum) -> None:
        """The datum counts at its own moment."""
        key = MetricKey(
            account=account,
            region=region,
            namespace=datum.namespace,
            name=datum.name,
            dimensions=dimensions_of(datum.dimensions),
        )
        point = _point(datum)
        if point is not None:
            self.store.add(key, datum.moment, point, unit=datum.unit)

    def publish_embedded(self, account: str, region: str, line: str) -> None:
        """The metrics in a line of a log count, each at the moment that the line says."""
        for found in embedded_values(line):
            key = MetricKey(
                account=account,
                region=region,
                namespace=found.namespace,
                name=found.name,
                dimensions=dimensions_of(found.dimensions),
            )
            samples = {float(value): float(n) for value, n in Counter(found.samples).items()}
            if samples:
                self.store.add(key, found.moment, of_values(samples), unit=found.unit)

    def get_metric_data(self, account: str, region: str, request: Json) -> Json:
        """The answer to GetMetricData."""
        return self._asked(queries.get_metric_data, Tenant(account=account, region=region), request)

    def get_metric_statistics(self, account: str, region: str, request: Json) -> Json:
        """The answer to GetMetricStatistics."""
        tenant = Tenant(account=account, region=region)
        return self._asked(queries.get_metric_statistics, tenant, request)

    def list_metrics(self, account: str, region: str, request: Json) -> Json:
        """The answer to ListMetrics."""
        tenant = Tenant(account=account, region=region)
        return queries.list_metrics(self.store, tenant, request, self.now())

    def check_alarm(self, account: str, region: str, alarm: Json) -> None:
        """The alarm can be evaluated, or BadRequestError says why not."""
        try:
            definition = alarms.definition_of(alarm, Tenant(account=account, region=region))
            # Without data every expression is still read to its end, so a wrong one shows here.
            alarms.find(definition, MetricStore(), State.OK, self.now())
        except (QueryError, ExpressionError) as error:
            raise seam.BadRequestError(str(error)) from error

    def evaluate(self, account: str, region: str, alarm: Json) -> None:
        """The alarm is in the state that its datapoints ask for."""
        tenant = Tenant(account=account, region=region)
        definition = _whole(alarm, tenant)
        if definition is not None:
            self._evaluate(tenant, alarm, definition)

    def _evaluate(self, tenant: Tenant, alarm: Json, definition: Definition) -> None:
        with self._evaluating:
            moment = self.now()
            if self._is_held(tenant, alarm["AlarmName"], definition, moment):
                return
            before = State(alarm["StateValue"])
            finding = alarms.find(definition, self.store, before, moment)
            if finding.state is before:
                return
            seam.set_alarm_state(
                (tenant.account, tenant.region),
                alarm,
                state=finding.state.value,
                reason=reasons.reason_of(definition, finding, before),
                reason_data=reasons.reason_data_of(definition, finding, moment),
            )

    def evaluate_all(self) -> None:
        """Every alarm is in the state that its datapoints ask for; a broken one stops no other.

        An alarm that would see what it saw before is not looked at again.
        """
        for account, region, alarm in seam.alarms():
            try:
                self._evaluate_unless_seen(account, region, alarm)
            except Exception:  # noqa: BLE001 - ministack's actions may raise anything
                _log.exception("alarm %s could not be evaluated", alarm.get("AlarmName"))

    def _evaluate_unless_seen(self, account: str, region: str, alarm: Json) -> None:
        tenant, key = Tenant(account=account, region=region), (account, region, alarm["AlarmName"])
        definition = _whole(alarm, tenant)
        if definition is None:
            return
        sight = self._sight(alarm, definition)
        if self._seen.get(key) == sight:
            return
        self._evaluate(tenant, alarm, definition)
        if key not in self._held:
            self._seen[key] = sight

    def _sight(self, alarm: Json, definition: Definition) -> _Sight:
        """What an evaluation would depend on now."""
        keys, end = definition.keys, alarms.window_end(definition, self.now())
        newest = self.store.newest_of(keys)
        moves = newest is not None and newest >= alarms.first_start(definition, end)
        return _Sight(
            definition=definition,
            version=self.store.version_of(keys),
            end=end if moves else None,
            state=str(alarm["StateValue"]),
        )

    def firing(self, account: str, region: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these alarms are in ALARM."""
        states = seam.alarm_states(account, region)
        return tuple(name for name in names if states.get(name) == State.ALARM.value)

    def known_alarms(self, account: str, region: str) -> frozenset[str]:
        """The names of the tenant's alarms."""
        return frozenset(seam.alarm_states(account, region))

    def hold(self, account: str, region: str, name: str) -> None:
        """The alarm stays as it was set by hand until the next window of its data ends."""
        self._held[account, region, name] = self.now()

    def _is_held(self, tenant: Tenant, name: str, definition: Definition, moment: float) -> bool:
        set_at = self._held.get((tenant.account, tenant.region, name))
        if set_at is None:
            return False
        if alarms.window_end(definition, set_at) == alarms.window_end(definition, moment):
            return True
        del self._held[tenant.account, tenant.region, name]
        return False

    def forget(self) -> None:
        """There is no datapoint."""
        self.store.clear()

    def _asked(
        self,
        query: Callable[[MetricStore, Tenant, Json, tuple[float, float]], Json],
        tenant: Tenant,
        request: Json,
    ) -> Json:
        window = request.get("StartTime"), request.get("EndTime")
        if window[0] is None or window[1] is None or window[0] >= window[1]:
            raise seam.BadRequestError(
                "The parameter StartTime must be less than the parameter EndTime."
            )
        try:
            return query(self.store, tenant, request, (float(window[0]), float(window[1])))
        except QueryError as error:
            raise seam.BadRequestError(str(error)) from error


def _whole(alarm: Json, tenant: Tenant) -> Definition | None:
    """What the alarm asks for; None of a record half written, whose Metrics are not set yet."""
    try:
        return alarms.definition_of(alarm, tenant)
    except QueryError:
        return None


def _point(datum: seam.Datum) -> Datapoint | None:
    """The datum as a datapoint; None if it has no sample."""
    if datum.counted is not None:
        counted = {value: count for value, count in datum.counted.items() if count > 0.0}
        return of_values(counted) if counted else None
    given = {} if datum.statistics is None else datum.statistics
    if given.get("SampleCount", 0.0) <= 0.0:
        return None
    return of_statistics(
        count=float(given["SampleCount"]),
        total=float(given["Sum"]),
        minimum=float(given["Minimum"]),
        maximum=float(given["Maximum"]),
    )
