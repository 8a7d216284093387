"""Time, risk and cost of a course: what can be computed before anything is released.

Nothing here is measured and nothing is guessed: what AWS takes for a change of its own (a shift of
weights, the start of an instance) is in no figure but where a limit of the project file bounds it,
and a price that is not known is None.
"""

from dataclasses import dataclass
from typing import Any

from cli.outlook.course import Course
from cli.outlook.words import WayBack, evidence_words, way_back_of
from cli.plans import Agreed
from tidegate.fleet import Hosting
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.split import CACHE_SECONDS
from tidegate.strategies import Mechanism, Strategy

HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """At least and at most. Most is when the release waits for an operator at the latest."""

    least: float
    most: float

    def times(self, factor: float) -> "Span":
        """Both so many times."""
        return Span(least=self.least * factor, most=self.most * factor)

    def to_json(self) -> dict[str, float]:
        """The span in JSON types."""
        return {"least": self.least, "most": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a release takes by one course.

    `exposed_minutes` is for how many minutes each user's requests go to the candidate, in the mean,
    before it is promoted. Extra instances are those beside the ones that serve one version;
    `standing_instances` of them run between releases too.
    """

    course: Course
    minutes: Span
    exposed_minutes: Span
    most_exposed_percent: int
    extra_instances: int
    standing_instances: int
    instance_hours: Span
    usd: Span | None
    usd_standing_month: float | None
    way_back: WayBack
    evidence: str

    def to_json(self) -> dict[str, Any]:
        """The outlook in JSON types."""
        return {
            "strategy": self.course.strategy.value,
            "mechanism": self.course.mechanism.value,
            "available": self.course.available,
            "steps": [
                {
                    "share_percent": stage.share_percent,
                    "bake_seconds": stage.bake_seconds,
                    "hold_seconds": stage.hold_seconds,
                }
                for stage in self.course.stages
            ],
            "minutes": self.minutes.to_json(),
            "exposed_minutes": self.exposed_minutes.to_json(),
            "most_exposed_percent": self.most_exposed_percent,
            "extra_instances": self.extra_instances,
            "standing_instances": self.standing_instances,
            "instance_hours": self.instance_hours.to_json(),
            "usd": None if self.usd is None else self.usd.to_json(),
            "usd_standing_month": self.usd_standing_month,
            "way_back": {
                "words": self.way_back.words,
                "wait_seconds": self.way_back.wait_seconds,
            },
            "evidence": self.evidence,
        }


def outlook_of(course: Course, agreed: Agreed) -> Outlook:
    """The figures of a course on the model's fleet, at the region's price."""
    minutes = _minutes(course, agreed)
    extra, standing = _instances(course, agreed)
    hours = minutes.times(extra / 60)
    price = None if agreed.price is None else agreed.price.usd_per_hour
    return Outlook(
        course=course,
        minutes=minutes,
        exposed_minutes=_exposed(course, agreed),
        most_exposed_percent=max(stage.share_percent for stage in course.stages),
        extra_instances=extra,
        standing_instances=standing,
        instance_hours=hours,
        usd=None if price is None else hours.times(price),
        usd_standing_month=None if price is None else standing * HOURS_A_MONTH * price,
        way_back=way_back_of(course, agreed.fleet),
        evidence=evidence_words(course, agreed.plan.split),
    )


def _minutes(course: Course, agreed: Agreed) -> Span:
    """From the start to the promotion; a step ends at a look, an interval late at most."""
    bakes = sum(stage.bake_seconds for stage in course.stages)
    if course.mechanism is Mechanism.GUARDRAIL:
        fleets = len(course.stages) if course.strategy is Strategy.ROLLING else 1
        starts = fleets * agreed.fleet.start_seconds
        return Span(least=bakes / 60, most=(bakes + starts) / 60)
    rolls = _rolls_a_group(course, agreed)
    starts = len(course.stages) * agreed.fleet.start_seconds if rolls else 0
    # A step of an asynchronous model is over when what was submitted in its bake is answered.
    a_step = CACHE_SECONDS + agreed.fleet.answer_seconds
    before = agreed.plan.warm_up_seconds + len(course.stages) * a_step
    late = starts + sum(stage.hold_seconds + INTERVAL_SECONDS for stage in course.stages)
    return Span(least=(before + bakes) / 60, most=(before + bakes + late) / 60)


def _exposed(course: Course, agreed: Agreed) -> Span:
    """Share times minutes, summed; the candidate serves its first share while it warms up too."""
    stages = course.stages
    guarded = course.mechanism is Mechanism.GUARDRAIL
    warm = 0 if guarded else stages[0].share_percent * agreed.plan.warm_up_seconds
    later = agreed.fleet.answer_seconds
    least = warm + sum(s.share_percent * (s.bake_seconds + later) for s in stages)
    most = least + sum(s.share_percent * s.hold_seconds for s in stages)
    return Span(least=least / 6_000, most=most / 6_000)


def _rolls_a_group(course: Course, agreed: Agreed) -> bool:
    """Whether instances of one group are replaced, so that each step waits for new ones."""
    return course.strategy is Strategy.ROLLING and agreed.fleet.hosting is Hosting.FLEET


def _instances(course: Course, agreed: Agreed) -> tuple[int, int]:
    """Extra instances at the peak, and how many of them stand between releases.

    Slots, tracks, arms and shadows stand; a fleet that SageMaker makes for an update is there for
    the release. A rolling update adds a batch and takes the old one's away.
    """
    count, kept = agreed.fleet.standing, agreed.fleet.standing
    if agreed.fleet.hosting is Hosting.ASYNCHRONOUS:
        # One that sleeps is woken for its release.
        count = max(1, count)
    guarded = course.mechanism is Mechanism.GUARDRAIL and course.strategy is Strategy.ROLLING
    if guarded or _rolls_a_group(course, agreed):
        first = course.stages[0].share_percent
        return round(count * first / 100), 0
    if course.strategy is Strategy.AB_TEST:
        terms = agreed.plan.ab_test
        arms = count * (1 if terms is None else terms.challengers)
        return arms, arms
    return count, 0 if course.mechanism is Mechanism.GUARDRAIL else kept
