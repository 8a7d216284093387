"""Where the delivery of a model to a stage stands, read from what is deployed and was released.

A delivery has the releases that it started: their ids begin with the model, the delivery and its
round, so that whoever asks again finds them. A model whose slots hold one version has nothing to be
released; the deploy of a model by `guardrail` was its release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tidegate.pointer import Declaration, LivePointer
from tidegate.ports import ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.strategies import Mechanism
from tidegate.version import Version

_DELIVERY_CHARACTERS = 8
_LONGEST_MODEL = 40
"""As the project file's; Step Functions takes names of executions of at most 80 characters."""


class Standing(StrEnum):
    """Where the delivery of a model stands. `WAITING`: its version has not been released yet."""

    WAITING = "waiting"
    OPEN = "open"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One execution of a pipeline at one stage. `round` counts the deploys that it needs.

    A version that passes its shadow is deployed again, and released in the second round.
    """

    id: str
    round: int
    who: str

    def prefix(self, model: str) -> str:
        """What the ids of its releases of a model begin with."""
        return f"{self._beginning(model)}{self.round}-"

    def owns(self, model: str, release_id: str) -> bool:
        """Whether a release belongs to the delivery, whatever its round."""
        return release_id.startswith(self._beginning(model))

    def _beginning(self, model: str) -> str:
        return f"{model[:_LONGEST_MODEL]}-{self.id[:_DELIVERY_CHARACTERS]}-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStanding:
    """Where the delivery of one model stands, and why."""

    model: str
    standing: Standing
    reason: str
    release_id: str | None = None


def review(store: ReleaseStore, delivery: Delivery) -> tuple[ModelStanding, ...]:
    """Every deployed model of the stage, by name."""
    return tuple(review_model(store, delivery, model) for model in sorted(store.models()))


def review_model(store: ReleaseStore, delivery: Delivery, model: str) -> ModelStanding:
    """Where the delivery of one model stands."""
    declaration, pointer = store.declaration(model), store.pointer(model)
    if declaration is None or pointer is None:
        reason = f"{model} was deployed but never verified: deploy it again"
        return ModelStanding(model=model, standing=Standing.FAILED, reason=reason)
    own = own_releases(store, delivery, model)
    if own and own[0].phase is not Phase.ABORTED:
        return of_record(own[0])
    foreign = _foreign(store, delivery, model)
    return _unreleased(store, declaration, pointer) if foreign is None else foreign


def own_releases(store: ReleaseStore, delivery: Delivery, model: str) -> tuple[ReleaseRecord, ...]:
    """The releases that this round of the delivery started, newest first."""
    prefix = delivery.prefix(model)
    ids = [release_id for release_id in store.releases(model) if release_id.startswith(prefix)]
    return tuple(store.load(release_id) for release_id in ids)


def of_record(record: ReleaseRecord) -> ModelStanding:
    """Where a release stands, as its delivery sees it."""
    reason = f"{record.model} {record.candidate.version.label}: {_told(record)}"
    standing = _STANDINGS.get(record.phase, Standing.OPEN)
    if record.halted is not None and not record.phase.terminal:
        standing = Standing.FAILED
        reason = (
            f"{reason}; the release loop halted ({record.halted.why}): resume or abort the "
            "release, then retry the stage"
        )
    return ModelStanding(
        model=record.model, standing=standing, reason=reason, release_id=record.release_id
    )


_STANDINGS = {
    Phase.PROMOTED: Standing.DELIVERED,
    Phase.PASSED: Standing.DELIVERED,
    Phase.KEPT: Standing.DELIVERED,
    Phase.ROLLED_BACK: Standing.FAILED,
    Phase.FAILED: Standing.FAILED,
    Phase.ABORTED: Standing.FAILED,
}


def _told(record: ReleaseRecord) -> str:
    if record.paused is not None and not record.phase.terminal:
        return f"paused by {record.paused.who}, {record.paused.why}"
    if record.verdict is None:
        return str(record.phase)
    return f"{record.phase}, {record.verdict.reason}"


def _foreign(store: ReleaseStore, delivery: Delivery, model: str) -> ModelStanding | None:
    """A release of somebody else that keeps the delivery from its own."""
    holder = store.lock_holder(model)
    if holder is None or delivery.owns(model, holder):
        return None
    reason = (
        f"{model} is being released by {holder}, which this delivery did not start: wait for its "
        "end, then retry the stage"
    )
    return ModelStanding(model=model, standing=Standing.FAILED, reason=reason, release_id=holder)


def _unreleased(
    store: ReleaseStore, declaration: Declaration, pointer: LivePointer
) -> ModelStanding:
    model, waiting = declaration.model, declaration.idle(pointer.slot)
    tested = _tested(store, declaration)
    if tested is not None:
        return of_record(tested)
    if any(version.digest != pointer.version.digest for version in waiting):
        reason = (
            f"{model} {_labels(waiting)} waits for its release, {pointer.version.label} is live"
        )
        return ModelStanding(model=model, standing=Standing.WAITING, reason=reason)
    by_deploy = declaration.plan.mechanism is Mechanism.GUARDRAIL
    why = "its deploy released it" if by_deploy else "nothing new to release"
    reason = f"{model} {pointer.version.label} is live: {why}"
    return ModelStanding(model=model, standing=Standing.DELIVERED, reason=reason)


def _tested(store: ReleaseStore, declaration: Declaration) -> ReleaseRecord | None:
    """The A/B test that had its answer about these very versions: nothing is asked again."""
    if declaration.plan.ab_test is None:
        return None
    known = store.releases(declaration.model)
    last = store.load(known[0]) if known else None
    if last is None or last.phase not in {Phase.PROMOTED, Phase.KEPT}:
        return None
    declared = {version.digest for version in declaration.slots.values()}
    return last if {held.version.digest for held in last.slots} == declared else None


def _labels(versions: Sequence[Version]) -> str:
    return " | ".join(version.label for version in versions)


def known_bad(store: ReleaseStore, model: str, waiting: Sequence[Version]) -> str | None:
    """Why these may not be released again by themselves; None where nothing speaks against it.

    The newest release of the model is asked: it was rolled back, or its shadow failed.
    """
    known = store.releases(model)
    if not known:
        return None
    last = store.load(known[0])
    ended_badly = last.phase in {Phase.ROLLED_BACK, Phase.FAILED}
    taken_back = {held.version.digest for held in last.challengers}
    if not ended_badly or taken_back != {version.digest for version in waiting}:
        return None
    return (
        f"{model} {_labels(waiting)} was not taken in release {last.release_id} ({_told(last)}): "
        "change the version; 'tidegate release start --again' releases it all the same"
    )
