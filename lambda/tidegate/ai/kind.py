"""What a kind of AI service declares: everything that the frame, its stack and its pages need.

A declaration is data and pure functions. `stacks/service_stack.py` provisions it, the functions
`answer_ai_request` and `do_ai_work` run it, `openapi.py` describes it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.ai.callers import Callers, SignIn
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import unusable

Parameters = Mapping[str, Any]


def one(_parameters: Parameters) -> int:
    """Each call is a unit."""
    return 1


def unbilled(_parameters: Parameters) -> int:
    """The call bills nothing: what it starts, keeps or makes may."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of AWS that a function of the service calls.

    `service` is the name of boto3's client. The IAM action is `action`; it is allowed on
    `resource`, an ARN that may hold `${AWS::Region}` or a logical id of the service's own
    resources, and `*` where the action takes no resource (Service Authorization Reference).
    `also` are actions that AWS asks for besides, and that take no resource. AWS bills
    `units(parameters)` of `unit`, and where only the answer tells, `answered_units(parameters,
    answer)` more.
    """

    service: str
    name: str
    action: str
    resource: str = "*"
    also: tuple[str, ...] = ()
    unit: str = "calls"
    units: Callable[[Parameters], int] = one
    answered_units: Callable[[Parameters, Mapping[str, Any]], int] | None = None

    @property
    def id(self) -> str:
        """Its name in prices, metrics and messages, such as `comprehend:DetectSentiment`."""
        return f"{self.service}:{self.name}"


Answered = Mapping[str, Any]
"""What a route answered, in JSON types."""


def nothing_known(_answer: Answered) -> bool | None:
    """Only callers know whether an answer helped (POST /outcomes)."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route below /ai/SERVICE/: a typed request in, a typed answer or `Content` out.

    A GET has its request in the query; `{...}` in a path is a field of it. `status` is that of a
    success. `answer` raises ProblemError for what it cannot do.
    """

    name: str
    says: str
    takes: type
    gives: type
    answer: Callable[[Any, ServicePorts], Any]
    method: str = "POST"
    path: str | None = None
    status: int = 200
    who: str | None = None
    """The field that says for whom it is, where no header does: who keeps an arm."""
    helped: Callable[[Answered], bool | None] = nothing_known
    """Whether an answer ends something, and well: an outcome that the door knows by itself."""
    callers: Callers = Callers.APPLICATIONS

    @property
    def below(self) -> str:
        """The path below /ai/SERVICE/."""
        return self.name if self.path is None else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A file that was put into the service's bucket; `name` is its key below the prefix."""

    key: str
    name: str
    size: int
    work: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The work is over: what came of it, a dataclass or JSON types."""

    result: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job of AWS goes on. It is looked at again after `seconds`, or when AWS tells.

    `state`, in JSON types, is what the next look needs.
    """

    state: Mapping[str, Any]
    seconds: int


Progress = Done | Waiting


def never(_arrived: Arrived, _state: Mapping[str, Any], _ports: ServicePorts) -> Progress:
    """For work that never waits."""
    raise NotImplementedError("this work does not wait for jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is done with files that are put under `in/PREFIX/`.

    `begin` and `look` may run twice for one file, and may be killed at any line: what they write
    has names that follow from `Arrived.work`, and jobs are started under it as their token.
    ProblemError ends the work with a result of status `refused`.
    """

    prefix: str
    says: str
    begin: Callable[[Arrived, ServicePorts], Progress]
    look: Callable[[Arrived, Mapping[str, Any], ServicePorts], Progress] = never
    suffixes: tuple[str, ...] = ()
    """How names of such files end, in small letters; any do where it is empty."""

    def check(self, name: str) -> None:
        """ProblemError says how the name must end, if it does not."""
        if self.suffixes and not name.lower().endswith(self.suffixes):
            ends = ", ".join(self.suffixes)
            raise unusable(f"{self.prefix} takes files whose names end with {ends}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """What is done at certain times: `schedule` is EventBridge's, such as cron(0 3 * * ? *).

    `begin` and `look` are as an arrival's; `Arrived.name` is the moment, in ISO 8601.
    """

    name: str
    says: str
    schedule: str
    begin: Callable[[Arrived, ServicePorts], Progress]
    look: Callable[[Arrived, Mapping[str, Any], ServicePorts], Progress] = never


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Actions that no call declares, on an ARN as `Operation.resource` is; iam:PassRole is one.

    `condition` is the policy statement's.
    """

    actions: tuple[str, ...]
    resource: str
    condition: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a function of the service may do: calls of AWS, and files by what their keys begin with.

    Whoever reads may also list, so that AWS says of a missing file that it is missing.
    """

    calls: tuple[Operation, ...] = ()
    grants: tuple[Grant, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service stands: `prefix` begins the names of what it makes, PROJECT-STAGE-NAME."""

    project: str
    stage: str
    service: str

    @property
    def prefix(self) -> str:
        """The beginning of every fixed name."""
        return f"{self.project}-{self.stage}-{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the service needs on AWS beside the frame's: CloudFormation resources by logical id.

    `told` are texts that functions are told by name (`ServicePorts.resources`); they may hold
    `${LogicalId}`. A right on such a resource names it in `Operation.resource`.
    """

    templates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    acknowledged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What cdk-nag finds of one by its logical id and rule (such as SNS2), and why it stays."""
    bucket: tuple[Mapping[str, Any], ...] = ()
    """Statements of the policy of the service's bucket, for a service of AWS that asks for them."""


READY = "ready"
"""What functions are told of an arm that is not ready by being deployed: `Own.ready`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one arm of a service has of its own, beside what all arms share.

    `ready` is the key of a file in the service's bucket that is there once the arm can answer as
    its settings say; an arm that is tested before that would be judged on something else. None: it
    can as soon as it is deployed. `after` says what to do then.
    """

    resources: Resources = field(default_factory=Resources)
    door: Rights = field(default_factory=Rights)
    work: Rights = field(default_factory=Rights)
    ready: str | None = None
    after: str = ""

    @property
    def told(self) -> Mapping[str, str]:
        """Texts that functions are told of this arm."""
        ready = {} if self.ready is None else {READY: self.ready}
        return {**self.resources.told, **ready}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm on one of the service's own metrics, for people."""

    name: str
    says: str
    metric: str
    statistic: str
    threshold: float
    comparison: str = "GreaterThanThreshold"
    period_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvents:
    """How AWS tells that jobs are over: an EventBridge pattern, or an SNS topic of the service's.

    `work` reads from such an event or message which work it is about; None where it is of another.
    """

    work: Callable[[Mapping[str, Any]], str | None]
    pattern: Mapping[str, Any] | None = None
    """EventBridge's pattern; None: AWS writes to the topic `${JobTopic}`, under the role
    `${JobTopicRole.Arn}`, which the stack makes; `Resources.told` tells functions of both."""
    publisher: str | None = None
    """Of a topic: the service principal that takes the role, such as textract.amazonaws.com."""


def no_faults(_settings: Any) -> tuple[str, ...]:
    """Settings whose types say all."""
    return ()


def no_resources(_settings: Any, _place: Place) -> Resources:
    """The frame is enough."""
    return Resources()


def nothing_of_its_own(_settings: Any, _place: Place, _slot: str) -> Own:
    """Arms share everything but their settings."""
    return Own()


def no_timers(_settings: Any) -> tuple[Timer, ...]:
    """Nothing happens by time."""
    return ()


def no_alarms(_settings: Any) -> tuple[Alarm, ...]:
    """None but the frame's own."""
    return ()


def nobody(_settings: Any) -> SignIn | None:
    """Only applications call."""
    return None


def no_model(_settings: Any) -> str | None:
    """The service knows nothing of models."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of service. `settings` is a dataclass whose fields all have defaults or are told.

    `faults` says what is wrong with settings whose types are right, each beginning with a field.
    `door` and `work` are the rights of the two functions, beside those of `own`; a kind without
    arrivals has no worker and no timers.
    """

    name: str
    title: str
    job: str
    settings: type
    routes: tuple[Route, ...]
    door: Callable[[Any, Place], Rights]
    arrivals: tuple[Arrival, ...] = ()
    work: Callable[[Any, Place], Rights] = lambda _settings, _place: Rights()
    faults: Callable[[Any], tuple[str, ...]] = no_faults
    resources: Callable[[Any, Place], Resources] = no_resources
    own: Callable[[Any, Place, str], Own] = nothing_of_its_own
    """What an arm has of its own in a slot, whose name ends its names and logical ids; a service
    that is not released has one arm, whose slot is the empty text."""
    alarms: Callable[[Any], tuple[Alarm, ...]] = no_alarms
    timers: Callable[[Any], tuple[Timer, ...]] = no_timers
    jobs: JobEvents | None = None
    custom: tuple[str, ...] = ()
    """Types of custom resources that arms may have: a function of the stack that all services share
    ends what they stand for, whatever the settings are by then."""
    sign_in: Callable[[Any], SignIn | None] = nobody
    """How people sign in, of a kind with routes for them."""
    outcomes_of: Callable[[Any], str | None] = no_model
    """The model of the project whose outcomes the service comes to know."""
    keeps_files: bool = False
    """Whether a service without arrivals has a bucket as well."""
    files_stay: bool = False
    """Whether files stay that neither arrive nor are results; then only those two expire."""
    passing: tuple[str, ...] = ()
    """What else expires where files stay, by what its keys begin with."""

    @property
    def has_own(self) -> bool:
        """Whether arms have anything of their own: then synth needs to know what is live."""
        return self.own is not nothing_of_its_own

    @property
    def has_bucket(self) -> bool:
        """Whether files come or are kept."""
        return bool(self.arrivals) or self.keeps_files
