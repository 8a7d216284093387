"""What becomes of a version on trial: pure, by what ended so far and the clock.

The judge's anytime-valid interval for the difference of two rates (`tidegate.judge.interval`) is
looked at as often as one likes: a version goes back as soon as it surely helps less, and comes to
everybody once it surely does not help less by more than the margin. Too little evidence is no pass.
"""

from dataclasses import dataclass, replace

from tidegate.ai.lex.settings import Canary
from tidegate.ai.lex.split import Split, Trial
from tidegate.judge.interval import difference_bounds
from tidegate.judge.strata import Table
from tidegate.judge.tally import Tally

PROMOTE, SEND_BACK, WAIT = "promote", "send-back", "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Conversations that ended since the last look, by alias, and the unhelped of them."""

    until: float
    live: int = 0
    live_unhelped: int = 0
    candidate: int = 0
    candidate_unhelped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is done, and why in a sentence; `split` is what is true then."""

    act: str
    why: str
    split: Split


def begun(split: Split, version: str, canary: Canary, now: float) -> Split:
    """The version is on trial, at its first step."""
    trial = Trial(version=version, step=0, since=now, counted_until=now)
    why = f"version {version} is on trial at {canary.percents[0]} % of the sessions"
    return replace(split, percent=canary.percents[0], trial=trial, why=why)


def judged(split: Split, trial: Trial, counted: Counted, *, canary: Canary, now: float) -> Verdict:
    """The version goes back, comes to everybody, takes its next step, or goes on as it is."""
    trial = _plus(trial, counted)
    bounds = difference_bounds(trial.tally)
    told = _told(trial.tally, bounds)
    if bounds is not None and bounds[0] > 0:
        back = replace(split, rejected=(*split.rejected, trial.version))
        why = f"version {trial.version} went back: it helps less, {told}"
        return Verdict(
            act=SEND_BACK, why=why, split=back.without_trial(version=split.version, why=why)
        )
    stays = now - trial.since < 60 * canary.step_minutes
    if stays or trial.in_step < canary.least_conversations:
        why = f"version {trial.version} is on trial at {split.percent} %, {told}"
        return Verdict(act=WAIT, why=why, split=replace(split, trial=trial, why=why))
    if trial.step + 1 < len(canary.percents):
        return _stepped(split, trial, canary, now, told=told)
    if bounds is None or 100 * bounds[1] > canary.margin_percent:
        why = f"version {trial.version} is held at {split.percent} %: not sure yet, {told}"
        return Verdict(act=WAIT, why=why, split=replace(split, trial=trial, why=why))
    why = f"version {trial.version} came to everybody: it does not help less, {told}"
    return Verdict(act=PROMOTE, why=why, split=split.without_trial(version=trial.version, why=why))


def _stepped(split: Split, trial: Trial, canary: Canary, now: float, *, told: str) -> Verdict:
    step = trial.step + 1
    percent = canary.percents[step]
    why = f"version {trial.version} goes on to {percent} %, {told}"
    onward = replace(trial, step=step, since=now, in_step=0)
    after = replace(split, percent=percent, trial=onward, why=why)
    return Verdict(act=WAIT, why=why, split=after)


def _plus(trial: Trial, counted: Counted) -> Trial:
    """The trial with one more stratum: both aliases at the same time."""
    candidate, unhelped, live, live_unhelped = trial.pending
    table = Table(
        candidate_trials=candidate + counted.candidate,
        candidate_events=unhelped + counted.candidate_unhelped,
        live_trials=live + counted.live,
        live_events=live_unhelped + counted.live_unhelped,
    )
    left = (
        table.candidate_trials,
        table.candidate_events,
        table.live_trials,
        table.live_events,
    )
    return replace(
        trial,
        counted_until=counted.until,
        in_step=trial.in_step + counted.candidate,
        pending=(0, 0, 0, 0) if table.comparable else left,
        tally=trial.tally.plus(table),
    )


def _told(tally: Tally, bounds: tuple[float, float] | None) -> str:
    if bounds is None or tally.candidate_rate is None or tally.live_rate is None:
        return "nothing to compare yet"
    return (
        f"unhelped {100 * tally.candidate_rate:.1f} % against {100 * tally.live_rate:.1f} % "
        f"(difference {100 * bounds[0]:+.1f} to {100 * bounds[1]:+.1f} points)"
    )
