"""Runs of kinds that learn: a model is trained, then asked for everything at once, step by step.

Each step starts something of AWS under a name that follows from the work and from how often the
step was tried, and is looked at until it is over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.ai.kind import Arrived, Progress, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, unusable

NAMES = "names"
"""What functions are told: the beginning of the names of jobs."""
LOOK_SECONDS = 60
MOST_TRIES = 3
"""How often a step is tried that AWS fails, before the run is a dead letter."""
_OLD_SECONDS = 3_600
"""A failed step that is older than this is tried anew: somebody sent the dead letter back."""

Model = Mapping[str, Any]
"""What a run keeps of a model that it trained, in JSON types; `losses` are its backtest's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a run. `number` counts its tries from 1; `model` is None until there is one.

    `arns` are those of what steps started, by the step's name, where AWS chooses them; `failed` are
    names and ARNs of what was started by tries that failed, which nothing else would find again.
    """

    name: str
    number: int
    began: float
    model: Model | None
    trained: bool
    digest: str
    run_began: float
    arns: Mapping[str, str] = field(default_factory=dict)
    failed: Sequence[Sequence[str]] = ()

    def to_json(self) -> Mapping[str, Any]:
        """The state of the waiting work."""
        return {
            "step": self.name,
            "number": self.number,
            "began": self.began,
            "model": self.model,
            "trained": self.trained,
            "digest": self.digest,
            "run_began": self.run_began,
            "arns": dict(self.arns),
            "failed": [list(pair) for pair in self.failed],
        }

    def changed(self, **changes: Any) -> "Step":
        """The same step but for these."""
        return replace(self, **changes)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Step":
        """The step of such a state."""
        told = dict(state)
        return cls(name=told.pop("step"), **told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A step is over. `model` is what a training made, `tables` what a model was asked for."""

    model: Model | None = None
    tables: Iterator[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """AWS says that the step failed. `of_input`: the same input would fail again."""

    operation: str
    reason: str
    of_input: bool


Looked = Over | Failed | None
"""None: the step goes on."""
Start = Callable[[Arrived, Step, ServicePorts], str | None]
"""Starts the step; what it was given as its ARN, if anything."""
Look = Callable[[Arrived, Step, ServicePorts], Looked]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStep:
    """How a step is started and looked at, and which one follows (None: it was the last)."""

    start: Start
    look: Look
    follows: Callable[[Step], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Steps by their name; `first` says with which one a run begins, with a model or without.

    `clean` takes away what a run needs no more, `forget` a model that another one replaced.
    """

    steps: Mapping[str, EngineStep]
    first: Callable[[Model | None], str]
    clean: Callable[[Arrived, Step, ServicePorts], None]
    forget: Callable[[Model, ServicePorts], None]


def run_name(ports: ServicePorts, arrived: Arrived, number: int, *, sign: str = "-") -> str:
    """The same for the same work and try, whoever starts it.

    16 digits of the work: an AutoML job's name has 32 characters at most.
    """
    begin = ports.resources[NAMES].replace("-", sign)
    return f"{begin}{sign}{arrived.work[:16]}{sign}{number % 1_000}"


def started(arrived: Arrived, step: Step, engine: Engine, ports: ServicePorts) -> Progress:
    """The step runs."""
    arn = engine.steps[step.name].start(arrived, step, ports)
    return waiting(step if arn is None else step.changed(arns={**step.arns, step.name: arn}))


def waiting(step: Step) -> Progress:
    """The step is looked at again."""
    return Waiting(state=step.to_json(), seconds=LOOK_SECONDS)


def again(
    arrived: Arrived, step: Step, failed: Failed, /, *, engine: Engine, ports: ServicePorts
) -> Progress:
    """A step that failed is tried again, unless its input is to blame or it was tried enough."""
    if failed.of_input:
        raise unusable(f"{failed.operation} cannot use the data: {failed.reason}")
    now = ports.clock.now()
    if step.number % MOST_TRIES == 0 and now - step.began <= _OLD_SECONDS:
        raise CallFailedError(
            operation=failed.operation, code="JobFailed", message=f"{step.number} tries failed"
        )
    arn = step.arns.get(step.name)
    left = step.failed if arn is None else [*step.failed, (step.name, arn)]
    following = step.changed(number=step.number + 1, began=now, failed=left)
    return started(arrived, following, engine, ports)


def once(ports: ServicePorts, service: str, operation: str, code: str, /, **given: Any) -> bool:
    """Whether this call made it; one that was made before the function was killed stands.

    `code` is how AWS says that there is one of the name.
    """
    try:
        ports.calls.call(service, operation, **given)
    except CallRefusedError as error:
        if error.code != code:
            raise
        return False
    return True
