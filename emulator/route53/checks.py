"""Health checks that run: one checker a check, on the cloud's clock.

AWS has checkers in many places and calls an endpoint healthy when over 18 % of them do; here there
is one. A new check is healthy until there is enough to say otherwise.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from emulator.route53.check_config import CheckConfig, CheckType
from emulator.route53.probes import Look, Place, look_at

Locate = Callable[[CheckConfig], Place | None]
AlarmState = Callable[[str, str], str | None]
"""The state of an alarm, by region and name."""
LookAt = Callable[[CheckConfig, Place], Awaitable[Look]]

DEEPEST_CALCULATION = 8
UNRESOLVED = Look(passed=False, said="Failure: the name does not resolve in this cloud's zones")


@dataclass(slots=True, kw_only=True)
class _State:
    passing: bool = True
    streak: int = 0
    """Looks in a row that disagree with `passing`."""
    next_at_seconds: float = 0.0
    checked_at_seconds: float | None = None
    said: str = "not checked yet"
    under_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What GetHealthCheckStatus tells of one check."""

    said: str
    checked_at_seconds: float | None


class HealthChecker:
    """Looks at endpoints when they are due, and tells which checks pass."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        locate: Locate,
        alarm_state: AlarmState,
        look: LookAt = look_at,
    ) -> None:
        self._now = now
        self._locate = locate
        self._alarm_state = alarm_state
        self._look = look
        self._configs: Mapping[str, CheckConfig] = {}
        self._states: dict[str, _State] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def passes(self, check_id: str) -> bool:
        """Whether the check counts as healthy; one that does not exist does."""
        return self._passes(check_id, 0)

    def status(self, check_id: str) -> Status:
        """What the checker saw last."""
        state = self._states.get(check_id, _State())
        return Status(said=state.said, checked_at_seconds=state.checked_at_seconds)

    def know(self, configs: Mapping[str, CheckConfig]) -> None:
        """These are the checks that exist now."""
        for check_id, config in configs.items():
            if self._configs.get(check_id) != config:
                self._states[check_id] = _State()
        for check_id in self._states.keys() - configs.keys():
            del self._states[check_id]
        self._configs = dict(configs)

    def tick(self) -> None:
        """Every endpoint that is due is being looked at; the loop is not held up by them."""
        now = self._now()
        for check_id, config in self._configs.items():
            state = self._states[check_id]
            due = config.type.is_endpoint and not config.disabled and state.next_at_seconds <= now
            if due and not state.under_way:
                state.under_way = True
                state.next_at_seconds = now + config.interval_seconds
                task = asyncio.get_running_loop().create_task(self._check(config, state))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nothing is being looked at."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _check(self, config: CheckConfig, state: _State) -> None:
        try:
            place = self._locate(config)
            seen = UNRESOLVED if place is None else await self._look(config, place)
        finally:
            state.under_way = False
        state.said, state.checked_at_seconds = seen.said, self._now()
        state.streak = state.streak + 1 if seen.passed != state.passing else 0
        if state.streak >= config.failure_threshold:
            state.passing, state.streak = seen.passed, 0

    def _passes(self, check_id: str, depth: int) -> bool:
        config = self._configs.get(check_id)
        if config is None:
            return True
        raw = True if config.disabled else self._raw(check_id, config, depth)
        return raw != config.inverted

    def _raw(self, check_id: str, config: CheckConfig, depth: int) -> bool:
        if config.type is CheckType.CALCULATED:
            if depth >= DEEPEST_CALCULATION:
                return False
            passing = sum(self._passes(child, depth + 1) for child in config.children)
            return passing >= config.health_threshold
        if config.type is CheckType.CLOUDWATCH_METRIC:
            return self._alarm_passes(check_id, config)
        return self._states[check_id].passing

    def _alarm_passes(self, check_id: str, config: CheckConfig) -> bool:
        state = self._states[check_id]
        said = None if config.alarm is None else self._alarm_state(*config.alarm)
        if said in {"OK", "ALARM"}:
            state.passing = said == "OK"
            return state.passing
        if config.without_data == "LastKnownStatus":
            return state.passing
        return config.without_data == "Healthy"
