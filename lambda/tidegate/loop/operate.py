"""The operator's verbs: each is one conditional write, and a new execution where one is needed."""

from collections.abc import Callable

from tidegate import decide
from tidegate.arms.decisions import aimed
from tidegate.decide import Decision
from tidegate.errors import ConflictError, LockedError, ReleaseRefusedError
from tidegate.loop.prepare import StartRequest, deployed_model, refuse_unfit
from tidegate.ports import Executions, ReleaseStore
from tidegate.release import Intervention, ReleaseRecord
from tidegate.strategies import Mechanism
from tidegate.traffic import Traffic

_TRIES = 10


def start(
    *, store: ReleaseStore, traffic: Traffic, executions: Executions, request: StartRequest
) -> None:
    """Start a release; whatever the machine would refuse is refused here, before it starts."""
    declaration, pointer = deployed_model(store, request.model)
    holder = store.lock_holder(request.model)
    if holder is not None:
        raise LockedError(model=request.model, holder=holder)
    refuse_unfit(declaration, pointer, traffic.read(declaration))
    executions.start(
        release_id=request.release_id,
        model=request.model,
        who=request.who,
        epoch=request.epoch,
    )


def pause(*, store: ReleaseStore, release_id: str, intervention: Intervention) -> ReleaseRecord:
    """No further step is taken until resumed; a roll-back still is."""
    return _write(store, release_id, lambda record: decide.pause(_steered(record), intervention))


def promote(
    *,
    store: ReleaseStore,
    release_id: str,
    intervention: Intervention,
    slot: str | None = None,
) -> ReleaseRecord:
    """The next look promotes, unless the judge says roll back.

    Of an A/B test it promotes the arm in this slot, or the winner if none is named.
    """

    def ordered(record: ReleaseRecord) -> Decision:
        return decide.promote(aimed(_steered(record), slot), intervention)

    return _write(store, release_id, ordered)


def resume(
    *, store: ReleaseStore, executions: Executions, release_id: str, intervention: Intervention
) -> ReleaseRecord:
    """The release goes on from its record, in a new execution under a new epoch."""
    record = _write(store, release_id, lambda r: decide.resume(_steered(r), intervention))
    executions.start(
        release_id=record.release_id,
        model=record.model,
        who=intervention.who,
        epoch=record.epoch,
    )
    return record


def abort(
    *, store: ReleaseStore, executions: Executions, release_id: str, intervention: Intervention
) -> ReleaseRecord:
    """All traffic goes back to the live version, in a new execution under a new epoch.

    The machine retries until the read-back is right; the model stays locked until then.
    """
    record = _write(store, release_id, lambda r: decide.abort(r, intervention))
    executions.start(
        release_id=record.release_id,
        model=record.model,
        who=intervention.who,
        epoch=record.epoch,
    )
    return record


def _steered(record: ReleaseRecord) -> ReleaseRecord:
    """The record, if we move its traffic; SageMaker, who moves it by guardrail, only goes back."""
    if record.plan.mechanism is Mechanism.GUARDRAIL:
        raise ReleaseRefusedError(
            f"SageMaker moves the traffic of release {record.release_id} (mechanism guardrail): "
            f"wait for its deploy, or run 'tidegate release abort {record.release_id}'"
        )
    return record


def _write(
    store: ReleaseStore, release_id: str, decision_on: Callable[[ReleaseRecord], Decision]
) -> ReleaseRecord:
    for _ in range(_TRIES):
        record = store.load(release_id)
        if record.phase.terminal:
            raise ReleaseRefusedError(
                f"release {release_id} is over ({record.phase}): there is nothing to change"
            )
        decision = decision_on(record)
        try:
            return store.save(decision.record, decision.entries)
        except ConflictError:
            continue
    raise ConflictError(f"release {release_id} is being written too often, try again")
