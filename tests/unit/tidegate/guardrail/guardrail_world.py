"""A deploy that SageMaker releases, in memory: endpoint, metrics, alarm, stack and their time."""

# ruff: noqa: D102 - the ports say what their methods do

from dataclasses import dataclass, field, replace
from typing import Any

from tests import samples
from tests.fakes import FakeClock, FakeReleaseStore
from tests.request_fakes import FakeCounters
from tests.samples import ENDPOINT, MODEL
from tidegate.errors import NotFoundError
from tidegate.guardrail import gate
from tidegate.guardrail.fleets import Fleet, FleetCounts
from tidegate.guardrail.gate import DeployRequest
from tidegate.guardrail.ports import Deployment, Ports
from tidegate.guardrail.watch import Watched, WatchInput, watch
from tidegate.intervals import interval_of
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.pointer import Declaration
from tidegate.slots import PAIR
from tidegate.strategies import Mechanism, Strategy

STACK = "arn:stack"
OLD, NEW = "config-old", "config-new"
PLAN = ReleasePlan(
    strategy=Strategy.CANARY,
    mechanism=Mechanism.GUARDRAIL,
    steps=(Step(share_percent=25, bake_seconds=300),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.05),
        Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=2.0),
    ),
    warm_up_seconds=0,
    lag_seconds=30,
)
BAKES = 600
"""What SageMaker waits by the plan, after each of its two shifts."""

FAST = dict.fromkeys((10, 25, 50, 75, 90), 20.0)


def declared(label: str, config: str = "", **changes: Any) -> Declaration:
    """A template that declares this version for the one variant."""
    slots = {slot: samples.version(label) for slot in PAIR}
    fields = {"plan": PLAN, **changes}
    return samples.declaration(slots=slots, endpoint_config_name=config, **fields)


def counts(interval: int, requests: int, errors: int = 0, **changes: Any) -> FleetCounts:
    """What a fleet did in an interval; it is fast unless told otherwise."""
    fields = {"percentiles": FAST, **changes}
    return FleetCounts(interval=interval, requests=requests, errors=errors, **fields)


@dataclass
class GuardrailWorld:
    """Every port of guardrail releases. `seen` are the values of the alarm's metric, in order."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeReleaseStore = field(default_factory=FakeReleaseStore)
    state: Deployment = field(
        default_factory=lambda: Deployment(status="InService", config_name=OLD, variants=("blue",))
    )
    served: dict[str, dict[int, FleetCounts]] = field(default_factory=dict)
    counters: FakeCounters = field(default_factory=FakeCounters)
    plan: ReleasePlan = PLAN
    stack_status: str = "UPDATE_IN_PROGRESS"
    in_alarm: bool = False
    calms_after: int = 0
    seen: list[bool] = field(default_factory=list)
    watched: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def deployed(cls, plan: ReleasePlan = PLAN) -> "GuardrailWorld":
        """v1 serves, and its deploy was verified."""
        world = cls(stack_status="CREATE_IN_PROGRESS", plan=plan)
        world.guard("v1", "first")
        gate.verify(world.ports, world.request("v1", OLD, "first"))
        world.stack_status = "UPDATE_IN_PROGRESS"
        return world

    @property
    def ports(self) -> Ports:
        return Ports(
            store=self.store,
            clock=self.clock,
            deployments=self,
            metrics=_Metrics(self),
            counters=lambda: self.counters,
            alarm=_Alarm(self),
            stacks=_Stacks(self),
            watches=_Watches(self),
            pause=self.clock.advance,
        )

    def read(self, endpoint_name: str) -> Deployment:
        if endpoint_name != ENDPOINT:
            raise NotFoundError(endpoint_name)
        return self.state

    def request(self, label: str, config: str = "", request_id: str = "second") -> DeployRequest:
        """What CloudFormation asks in one operation."""
        return DeployRequest(
            declared=declared(label, config, plan=self.plan),
            stack_id=STACK,
            request_id=request_id,
        )

    def guard(self, label: str, request_id: str = "second") -> str:
        """ReleaseGuard runs."""
        return gate.guard(self.ports, self.request(label, request_id=request_id))

    def verify(self, label: str, config: str, request_id: str = "second") -> None:
        """ReleaseVerify runs."""
        gate.verify(self.ports, self.request(label, config, request_id))

    def updating(self, percent: int = 25, config: str = NEW) -> None:
        """SageMaker moves traffic to the new fleet."""
        self.state = replace(
            self.state, status="Updating", pending_config=config, pending_percent=percent
        )

    def settled(self, config: str, why: str = "", *, bakes: float = BAKES) -> None:
        """SageMaker is done, on this configuration; on the new one after these seconds."""
        self.clock.advance(bakes if config == NEW else 0)
        self.state = Deployment(
            status="InService", config_name=config, variants=("blue",), failure_reason=why
        )

    def serve(self, config: str, requests: int, errors: int = 0, **changes: Any) -> None:
        """A fleet has served in the interval of now."""
        interval = interval_of(self.clock.at)
        known = self.served.setdefault(config, {})
        known[interval] = counts(interval, requests, errors, **changes)

    def look(self) -> Watched:
        """The watch looks once."""
        return watch(self.ports, WatchInput(release_id=f"{MODEL}-second", stack_id=STACK))


@dataclass
class _Metrics:
    world: GuardrailWorld

    def read(self, fleet: Fleet, *, from_interval: int, through: int) -> tuple[FleetCounts, ...]:
        assert (fleet.endpoint_name, fleet.variant) == (ENDPOINT, "blue")
        known = self.world.served.get(fleet.config_name, {})
        return tuple(known[i] for i in sorted(known) if from_interval <= i <= through)


@dataclass
class _Alarm:
    world: GuardrailWorld

    def publish(self, endpoint_name: str, *, harm: bool) -> None:
        assert endpoint_name == ENDPOINT
        self.world.seen.append(harm)
        self.world.in_alarm = harm or (self.world.in_alarm and self.world.calms_after > 0)
        self.world.calms_after = max(0, self.world.calms_after - 1)

    def firing(self, endpoint_name: str) -> bool:
        assert endpoint_name == ENDPOINT
        return self.world.in_alarm


@dataclass
class _Stacks:
    world: GuardrailWorld

    def status(self, stack_id: str) -> str:
        assert stack_id == STACK
        return self.world.stack_status


@dataclass
class _Watches:
    world: GuardrailWorld

    def start(self, *, release_id: str, stack_id: str) -> None:
        self.world.watched.append((release_id, stack_id))
