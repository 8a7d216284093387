"""How the way back goes by a course, and what its evidence can show, in a few words each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cli.outlook.course import Course
from cli.simulation.advice import written_duration
from tidegate.fleet import Fleet
from tidegate.strategies import Mechanism, Split, Strategy

ALARM_SECONDS = 60
"""The period of the alarm by which SageMaker is told to roll back."""

ALIAS_TTL_SECONDS = 60
"""How long resolvers may keep an alias to a load balancer (Route 53, AliasTarget)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """From the verdict until the last user is off the candidate.

    `wait_seconds` is what is waited for at most, beside the time that AWS takes for the change.
    """

    words: str
    wait_seconds: int


def way_back_of(course: Course, fleet: Fleet) -> WayBack:
    """How the traffic of a course is taken back."""
    if course.mechanism is Mechanism.SHADOW:
        return WayBack(words="no need: answers nobody", wait_seconds=0)
    if course.mechanism is Mechanism.WEIGHTS:
        return WayBack(words="1 shift", wait_seconds=0)
    if course.mechanism is Mechanism.DNS:
        ttl = written_duration(ALIAS_TTL_SECONDS)
        return WayBack(words=f"1 shift + {ttl} or more", wait_seconds=ALIAS_TTL_SECONDS)
    alarm = written_duration(ALARM_SECONDS)
    if course.strategy is Strategy.ROLLING:
        start = written_duration(fleet.start_seconds)
        wait = ALARM_SECONDS + fleet.start_seconds
        return WayBack(words=f"{alarm} + start, up to {start}", wait_seconds=wait)
    return WayBack(words=f"{alarm} + 1 shift", wait_seconds=ALARM_SECONDS)


def evidence_words(course: Course, split: Split) -> str:
    """What the judge compares the candidate with."""
    shares = [stage.share_percent for stage in course.stages if 0 < stage.share_percent < 100]
    if course.mechanism is Mechanism.SHADOW:
        return "paired, no outcomes"
    if not shares:
        return "absolute"
    if course.mechanism is Mechanism.DNS:
        return "concurrent, by resolver"
    if course.mechanism is Mechanism.GUARDRAIL:
        return f"concurrent to {shares[-1]} %, then absolute"
    by_user = split is Split.ROUTER or course.strategy is Strategy.AB_TEST
    unit = "user" if by_user else "request"
    return f"concurrent, by {unit}"


LEGEND: Mapping[str, str] = MappingProxyType(
    {
        "takes": (
            "from the start to the promotion, or at most until it waits for an operator with every "
            "hold used up; what AWS takes to shift is not in it, nor the start of a new fleet but "
            "in the most (start_timeout)"
        ),
        "exposed": (
            "the largest share before the promotion, and how long a user's requests went to the "
            "candidate, in the mean"
        ),
        "way back": (
            "from the verdict to the last user: the alarm's period, caching by resolvers, starting "
            "instances; once a guardrail release is over, its old fleet is gone and back is a "
            "new deploy"
        ),
        "evidence": (
            "concurrent compares what both versions do at the same time; absolute knows fixed "
            "limits only and claims no more; paired has both answers to the same requests"
        ),
        "extra": (
            "beside the instances that serve one version, without autoscaling; the load balancers "
            "of two tracks are not counted"
        ),
    }
)
"""What the columns of the tables say."""
