"""The operator's verbs as buttons: whether each can be pressed, what it would do, and doing it.

It says before what `tidegate.decide` does after; the record decides, never the browser.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cli.deployed import Deployed
from cli.screen import duration, reached_share
from cli.verbs import abort_release, intervention
from tidegate.arms.decisions import aimed
from tidegate.errors import ReleaseRefusedError
from tidegate.loop import operate
from tidegate.release import Phase, ReleaseRecord
from tidegate.strategies import Mechanism
from tidegate.verdict import Claim

_ON_ITS_WAY = frozenset({Phase.SHIFTING, Phase.BAKING})


class Verb(StrEnum):
    """What an operator can do with a release that is open."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One verb on one release: why it cannot be used now (None: it can), and what it would do."""

    verb: Verb
    refusal: str | None
    consequences: tuple[str, ...]


def offers(record: ReleaseRecord, *, attended: bool) -> tuple[Offer, ...]:
    """Every verb, as it stands for this release now."""
    steering = _over(record) or _moved_by_another(record)
    refusals = {
        Verb.PAUSE: steering or _no_pause(record),
        Verb.RESUME: steering or _no_resume(record, attended=attended),
        Verb.PROMOTE: steering or _no_promotion(record),
        Verb.ABORT: _over(record) or _no_abort(record),
    }
    return tuple(
        Offer(verb=verb, refusal=refusals[verb], consequences=_CONSEQUENCES[verb](record))
        for verb in Verb
    )


def carry_out(deployed: Deployed, release_id: str, verb: Verb, *, why: str) -> None:
    """The verb is in the release's record and log, by whoever runs the console.

    ReleaseRefusedError when the release is over by now.
    """
    if verb is Verb.ABORT:
        abort_release(deployed, release_id, why=why)
        return
    ordered = intervention(deployed, why)
    if verb is Verb.RESUME:
        operate.resume(
            store=deployed.store,
            executions=deployed.executions,
            release_id=release_id,
            intervention=ordered,
        )
        return
    change = operate.pause if verb is Verb.PAUSE else operate.promote
    change(store=deployed.store, release_id=release_id, intervention=ordered)


def _over(record: ReleaseRecord) -> str | None:
    return f"the release is over ({record.phase})" if record.phase.terminal else None


def _moved_by_another(record: ReleaseRecord) -> str | None:
    guardrail = record.plan.mechanism is Mechanism.GUARDRAIL
    return "SageMaker moves its traffic (mechanism guardrail)" if guardrail else None


def _decided(record: ReleaseRecord) -> str | None:
    return None if record.phase in _ON_ITS_WAY else f"it is decided already ({record.phase})"


def _no_pause(record: ReleaseRecord) -> str | None:
    if record.halted is not None:
        return "it halted: no step is taken anyway"
    if record.paused is not None:
        return "it is paused already"
    return _decided(record)


def _no_resume(record: ReleaseRecord, *, attended: bool) -> str | None:
    waits = record.paused is not None or record.halted is not None or not attended
    return None if waits else "it is neither paused nor halted"


def _no_promotion(record: ReleaseRecord) -> str | None:
    if record.halted is not None:
        return "it halted: resume it first"
    if record.forced is not None:
        return f"{record.forced.who} ordered it already"
    return _decided(record) or _unwon(record)


def _unwon(record: ReleaseRecord) -> str | None:
    """Why no arm of an A/B test can be promoted without being named."""
    try:
        aimed(record, None)
    except ReleaseRefusedError as error:
        return str(error)
    return None


def _no_abort(record: ReleaseRecord) -> str | None:
    return "it is on its way back already" if record.phase is Phase.ABORTING else None


def _named(record: ReleaseRecord, role: str) -> str:
    held = record.live if role == "live" else record.candidate
    return f"{held.version.label} ({held.slot})"


def _step(record: ReleaseRecord) -> str:
    share = record.plan.steps[record.step].share_percent
    return f"step {record.step + 1} of {len(record.plan.steps)} ({share} %)"


def _of_pause(record: ReleaseRecord) -> tuple[str, ...]:
    share = record.target_shares[record.candidate.slot.value]
    kept = f"{_named(record, 'candidate')} keeps {share} % of the traffic."
    return (
        kept if record.testing is None else "Each arm keeps its share of the traffic.",
        "No further step is taken until somebody resumes.",
        "It is still watched: proven harm takes it back, paused or not.",
    )


def _of_resume(record: ReleaseRecord) -> tuple[str, ...]:
    epoch = f"A new execution (epoch {record.epoch + 1}) takes over from the record"
    if record.phase not in _ON_ITS_WAY:
        return (f"{epoch} and finishes what was decided ({record.phase}).",)
    bake = duration(record.plan.steps[record.step].bake_seconds)
    if record.halted is not None:
        share = record.plan.steps[record.step].share_percent
        return (
            f"{epoch} and shifts {share} % of the traffic to {_named(record, 'candidate')} again.",
            f"The bake of {_step(record)} starts anew: {bake}.",
        )
    anew = record.paused is not None and record.phase is Phase.BAKING
    rest = f"Its bake starts anew: {bake}." if anew else "Its bake goes on."
    return (f"{epoch} at {_step(record)}.", rest)


def _of_promote(record: ReleaseRecord) -> tuple[str, ...]:
    left = len(record.plan.steps) - record.step - 1
    skipped = f" {left} further {'step is' if left == 1 else 'steps are'} skipped." if left else ""
    name = _named(record, "candidate")
    return (
        f"At the next look all traffic goes to {name}: it becomes the live version.{skipped}",
        *_unproven(record),
        "If the judge finds harm at that look, it is rolled back instead: harm wins over an order.",
    )


def _unproven(record: ReleaseRecord) -> tuple[str, ...]:
    if record.verdict is None:
        return ("Nothing was judged yet: you vouch for it.",)
    lacking = [
        f"{item.metric} ({100 * reached_share(item):.0f} %)"
        for item in record.verdict.evidence
        if item.claim is Claim.SAFE and not item.reached
    ]
    if not lacking:
        return ()
    return (f"Not yet proven safe, so that you vouch for it: {', '.join(lacking)}.",)


def _of_abort(record: ReleaseRecord) -> tuple[str, ...]:
    share = record.target_shares[record.candidate.slot.value]
    now = f" (the candidate has {share} % now)" if share else ""
    return (
        f"All traffic goes back to {_named(record, 'live')} at once{now}.",
        "The release is over when that was read back.",
        "To try this version again, start another release of it.",
    )


_CONSEQUENCES: dict[Verb, Callable[[ReleaseRecord], tuple[str, ...]]] = {
    Verb.PAUSE: _of_pause,
    Verb.RESUME: _of_resume,
    Verb.PROMOTE: _of_promote,
    Verb.ABORT: _of_abort,
}
