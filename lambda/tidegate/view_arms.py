"""What people see of an A/B test: each arm, what it did, how it stands. A part of `view`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.arms.standing import ArmStanding, Standing
    from tidegate.release import ReleaseRecord
    from tidegate.view import SlotView


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmView:
    """One arm: what it served since the release began, and what of that was judged.

    `rate` is that of the objective, with anytime-valid bounds; `difference` is to the control's at
    the same times. `progress` is how much of what would prove the arm better than the control is
    there (1: proven; negative: the control leads), `guard` how its guardrails stand, and `out` why
    it was taken out (None: it was not).
    """

    served: SlotView
    trials: int = 0
    rate: float | None = None
    lower: float | None = None
    upper: float | None = None
    difference: float | None = None
    difference_lower: float | None = None
    difference_upper: float | None = None
    progress: float = 0.0
    guard: str = ""
    safe: bool = False
    out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ABView:
    """An A/B test: its arms with the control first, and what the objective says so far.

    `conclusion` is `continue`, `hold`, `winner` or `tie`, and `slot` whom it is about.
    """

    kind: str
    better: str
    policy: str
    winner: str
    alpha: float
    beta: float
    tie_margin: float | None
    requests: int
    horizon_requests: int
    conclusion: str
    slot: str | None
    split: str
    regret: str
    arms: tuple[ArmView, ...]


def ab_view(record: ReleaseRecord, served: Sequence[SlotView]) -> ABView | None:
    """The view of the test that this record is of; `served` has a slot's view each."""
    terms, testing = record.plan.ab_test, record.testing
    if terms is None or testing is None:
        return None
    standing = None if record.verdict is None else record.verdict.ab_test
    judged = {} if standing is None else {arm.slot: arm for arm in standing.arms}
    by_slot = {one.slot: one for one in served}
    order = (record.live, *record.challengers)
    return ABView(
        kind=terms.kind.value,
        better=terms.better.value,
        policy=terms.policy.value,
        winner=terms.winner.value,
        alpha=terms.alpha,
        beta=terms.beta,
        tie_margin=terms.tie_margin,
        requests=0 if standing is None else standing.requests,
        horizon_requests=terms.horizon_requests,
        conclusion="continue" if standing is None else standing.conclusion,
        slot=None if standing is None else standing.slot,
        split="nothing was judged yet" if standing is None else standing.split,
        regret="" if standing is None else standing.regret,
        arms=tuple(
            _arm(by_slot[held.slot.value], judged.get(held.slot.value), testing.out)
            for held in order
        ),
    )


def _arm(served: SlotView, judged: ArmStanding | None, out: Mapping[str, str]) -> ArmView:
    if judged is None:
        return ArmView(served=served, out=out.get(served.slot))
    return ArmView(
        served=served,
        trials=judged.trials,
        rate=judged.rate,
        lower=judged.lower,
        upper=judged.upper,
        difference=judged.difference,
        difference_lower=judged.difference_lower,
        difference_upper=judged.difference_upper,
        progress=judged.progress,
        guard=judged.guard,
        safe=judged.safe,
        out=judged.out,
    )


def progress_of(standing: Standing) -> dict[str, float]:
    """How much of what would prove it better than the control each challenger has, by words."""
    return {f"{arm.slot} better": arm.progress for arm in standing.arms[1:]}
