"""One simulated release: the plan's real decisions and the real judge on made-up traffic.

Time passes as the release machine lets it pass: announce, shift, warm up, bake, look when an
interval is closed. Endpoints take their weights at once here; on AWS an update takes a minute or so
and counts as settling, which is exposure and no evidence.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.serving import SLOTS, Draw, Stretch, pairs_of, slots_of
from tidegate import decide
from tidegate.decide import Decision, Next
from tidegate.intervals import INTERVAL_SECONDS, interval_of, last_closed, seconds_until_close
from tidegate.judge import JudgeState, judge
from tidegate.observation import Observation
from tidegate.plan import ReleasePlan
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import Slot
from tidegate.strategies import Strategy
from tidegate.verdict import Claim, Verdict
from tidegate.version import Version

_BEGINS = 1_000 * INTERVAL_SECONDS


class End(StrEnum):
    """How a simulated release ended. `held` waits for an operator: the plan's time is used up."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    HELD = "held"


_ENDS_OF_SHADOWS = {End.PROMOTED: "passed", End.ROLLED_BACK: "failed"}


def end_name(end: End, strategy: Strategy) -> str:
    """What an end is called: a shadow passes or fails, since it never moved anything."""
    own = _ENDS_OF_SHADOWS if strategy is Strategy.SHADOW else {}
    return own.get(end, end.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is simulated: a plan, traffic, and the candidate."""

    plan: ReleasePlan
    traffic: Traffic
    candidate: Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one release ended, when, and what the candidate had served by then (its exposure).

    What a shadow served are copies: users saw none of it.
    """

    end: End
    seconds: float
    candidate_requests: int
    looks: int
    blamed: str | None = None
    """The metric whose harm was proven."""


@dataclass(slots=True)
class _World:
    """Time, traffic, and what is known of it. Intervals are drawn when they are closed."""

    setting: Setting
    rng: np.random.Generator
    now: float = 0.0
    share: float = 0.0
    """The candidate's share of the traffic, of 1, as the endpoint has it."""
    candidate_requests: int = 0
    closed_through: int = 0
    open: dict[tuple[int, int], Stretch] = field(default_factory=dict)
    due: defaultdict[int, list[Observation]] = field(default_factory=lambda: defaultdict(list))
    draw: Draw = field(init=False)

    def __post_init__(self) -> None:
        """A release begins at any moment of an interval."""
        self.now = _BEGINS + float(self.rng.uniform(0, INTERVAL_SECONDS))
        self.closed_through = interval_of(self.now) - 1
        both = self.setting.traffic.live, self.setting.candidate
        shadow = self.setting.plan.strategy is Strategy.SHADOW
        self.draw = (pairs_of if shadow else slots_of)(both, self.setting.plan, self.rng)

    def pass_time(self, seconds: float, record: ReleaseRecord) -> None:
        """Requests come in under the record's split while so many seconds pass."""
        end = self.now + seconds
        while self.now < end:
            interval = interval_of(self.now)
            stretch = self.open.setdefault(
                (interval, record.split_version), Stretch(evidence=_is_evidence(record, interval))
            )
            passed = min(end, (interval + 1) * INTERVAL_SECONDS) - self.now
            stretch.live_seconds += passed * (1 - self.share)
            stretch.candidate_seconds += passed * self.share
            self.now += passed

    def look(self, *, lag_seconds: int) -> list[Observation]:
        """What was closed since the last look, in the order of its keys."""
        through = last_closed(self.now, lag_seconds=lag_seconds)
        for at in sorted(at for at in self.open if at[0] <= through):
            self._serve(at, self.open.pop(at))
        closed = [
            item
            for interval in range(self.closed_through + 1, through + 1)
            for item in self.due.pop(interval, [])
        ]
        self.closed_through = through
        return sorted(closed, key=lambda item: item.key)

    def settle(self) -> None:
        """Everything that was served is counted as exposure, closed or not."""
        for at, stretch in self.open.items():
            self._serve(at, stretch)
        self.open.clear()

    def _serve(self, at: tuple[int, int], stretch: Stretch) -> None:
        per_second = self.setting.traffic.requests_per_minute / 60
        for closes, increment in self.draw(at, stretch, per_second):
            self.due[closes].append(increment)
            if increment.key.slot == SLOTS.candidate:
                self.candidate_requests += increment.requests


def _is_evidence(record: ReleaseRecord, interval: int) -> bool:
    """Pairs are joined of intervals that lie wholly after the warm-up (`tidegate.loop.pair`)."""
    if record.phase is not Phase.BAKING or not record.is_shadow:
        return record.phase is Phase.BAKING
    return record.step_started_at is not None and interval > interval_of(record.step_started_at)


def simulate_release(setting: Setting, rng: np.random.Generator) -> Outcome:
    """One release to its end: promoted, rolled back, or held for an operator."""
    world = _World(setting, rng)
    began = world.now
    record = _opened(setting.plan, at=began)
    state = JudgeState.initial(setting.plan)
    verdict: Verdict | None = None
    looks = 0
    while record.phase in {Phase.SHIFTING, Phase.BAKING} and record.paused is None:
        if record.phase is Phase.SHIFTING:
            record = _shift(world, record)
            continue
        decision = decide.after_verification(record, now=world.now)
        world.pass_time(_until_look(decision, plan=setting.plan, now=world.now), decision.record)
        state, verdict = judge(
            setting.plan, SLOTS, state, world.look(lag_seconds=setting.plan.lag_seconds)
        )
        looks += 1
        record = decide.after_look(decision.record, verdict, now=world.now).record
    world.settle()
    return Outcome(
        end=_END[record.phase],
        seconds=world.now - began,
        candidate_requests=world.candidate_requests,
        looks=looks,
        blamed=_blamed(record, verdict),
    )


def _until_look(decision: Decision, *, plan: ReleasePlan, now: float) -> int:
    """How long to wait: early looks are left out, so that what is simulated errs to late."""
    if decision.next not in {Next.BAKE, Next.PAIR}:
        return decision.wait_seconds
    return seconds_until_close(now, lag_seconds=plan.lag_seconds)


_END = {
    Phase.PROMOTING: End.PROMOTED,
    Phase.RESTORING: End.ROLLED_BACK,
    Phase.BAKING: End.HELD,
}


def _shift(world: _World, record: ReleaseRecord) -> ReleaseRecord:
    """Announced, shifted, warmed up: the record bakes."""
    announced = decide.after_announcement(record, now=world.now)
    world.pass_time(announced.wait_seconds, announced.record)
    shares = announced.record.target_shares
    world.share = shares[SLOTS.candidate] / 100
    decision = Decision(record=announced.record, next=Next.VERIFY)
    while decision.next is Next.VERIFY:
        decision = decide.after_verification(decision.record, now=world.now)
        if decision.next is Next.VERIFY:
            world.pass_time(decision.wait_seconds, decision.record)
    return decision.record


def _blamed(record: ReleaseRecord, verdict: Verdict | None) -> str | None:
    if record.phase is not Phase.RESTORING or verdict is None:
        return None
    harmed = [item for item in verdict.evidence if item.claim is Claim.HARM and item.reached]
    return max(harmed, key=lambda item: item.log_evidence).metric if harmed else None


def _opened(plan: ReleasePlan, *, at: float) -> ReleaseRecord:
    live, candidate = (_version(name) for name in ("live", "candidate"))
    record, _ = decide.open_release(
        declaration=Declaration(
            model="simulated",
            endpoint_name="simulated",
            endpoint_config_name="simulated",
            slots={Slot.BLUE: live, Slot.GREEN: candidate},
            plan=plan,
        ),
        pointer=LivePointer(
            model="simulated",
            slot=Slot.BLUE,
            version=live,
            generation=1,
            moved_at=at,
            moved_by="simulation",
        ),
        opening=decide.Opening(release_id="simulated", who="simulation", at=at, split_version=0),
    )
    return record


def _version(label: str) -> Version:
    return Version(
        digest=label, label=label, image="", artifact="", artifact_uri="", environment={}
    )
