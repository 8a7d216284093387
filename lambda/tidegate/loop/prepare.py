"""Prepare: validate, lock, record. Nothing is changed when a release is refused."""

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.decide import Next, Opening, open_release
from tidegate.errors import NotFoundError, ReleaseRefusedError
from tidegate.loop.readback import has_shares, in_service
from tidegate.loop.task import TaskInput, TaskOutput, go
from tidegate.pointer import Declaration, LivePointer, home_shares
from tidegate.ports import Clock, EndpointState, ReleaseStore
from tidegate.strategies import Mechanism, Strategy
from tidegate.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """Who wants which model released, under which release id and epoch."""

    release_id: str
    model: str
    who: str
    epoch: int = 1


def prepare(
    *, store: ReleaseStore, traffic: Traffic, clock: Clock, request: StartRequest
) -> TaskOutput:
    """Open the release, or take up the one that is there; ReleaseRefusedError says why not.

    Afterwards the model's lock is held by this release and its record exists.
    """
    task = TaskInput(release_id=request.release_id, epoch=request.epoch)
    try:
        record = store.load(request.release_id)
    except NotFoundError:
        _open(store=store, traffic=traffic, clock=clock, request=request)
        return go(task, Next.SHIFT)
    if record.epoch != request.epoch or record.plan.mechanism is Mechanism.GUARDRAIL:
        return go(task, Next.YIELD)
    return go(task, Next.REPORT if record.phase.terminal else Next.SHIFT)


def _open(*, store: ReleaseStore, traffic: Traffic, clock: Clock, request: StartRequest) -> None:
    declaration, pointer = deployed_model(store, request.model)
    refuse_unfit(declaration, pointer, traffic.read(declaration))
    split = store.split(request.model)
    opening = Opening(
        release_id=request.release_id,
        who=request.who,
        at=clock.now(),
        split_version=0 if split is None else split.version,
    )
    record, entry = open_release(declaration=declaration, pointer=pointer, opening=opening)
    store.open(record, entry)


def deployed_model(store: ReleaseStore, model: str) -> tuple[Declaration, LivePointer]:
    """What is deployed of a model, and what is live; ReleaseRefusedError when nothing is."""
    declaration, pointer = store.declaration(model), store.pointer(model)
    if declaration is None or pointer is None:
        known = ", ".join(store.models()) or "none yet"
        raise ReleaseRefusedError(f"no model {model} is deployed; deployed: {known}")
    return declaration, pointer


def refuse_unfit(declaration: Declaration, pointer: LivePointer, state: EndpointState) -> None:
    """Raise ReleaseRefusedError with every reason why this model cannot be released now."""
    if declaration.plan.mechanism is Mechanism.GUARDRAIL:
        raise ReleaseRefusedError(
            f"{declaration.model} is released by its deploy (mechanism guardrail): deploy the new "
            "version, there is nothing to start"
        )
    live, reasons = pointer.slot, list(_unfit_slots(declaration, pointer))
    if not in_service(state):
        reasons.append(f"endpoint {declaration.endpoint_name} is {state.status}, not InService")
    if state.config_name != declaration.endpoint_config_name:
        reasons.append(
            f"endpoint {declaration.endpoint_name} serves {state.config_name}, the last deploy "
            f"declared {declaration.endpoint_config_name}: deploy again"
        )
    reasons.extend(_unfit_shadow(declaration, pointer, state))
    if not has_shares(state, home_shares(declaration, live)):
        reasons.append(
            f"slot {live} should serve everything, read back {state.shares()}: "
            "run 'tidegate release abort' on whatever moved it"
        )
    if reasons:
        raise ReleaseRefusedError("; ".join(reasons))


def _unfit_slots(declaration: Declaration, pointer: LivePointer) -> Iterator[str]:
    """Why what the idle slots hold is nothing to release."""
    held = sorted(declaration.slots.items())
    idle = [(slot, version) for slot, version in held if slot is not pointer.slot]
    if len(idle) == 1 and idle[0][1].digest == pointer.version.digest:
        yield (
            f"both slots of {declaration.model} hold version {pointer.version.digest} "
            f"({pointer.version.label}): deploy a new version first"
        )
        return
    known = {pointer.version.digest: pointer.slot}
    for slot, version in idle:
        first = known.setdefault(version.digest, slot)
        if first is not slot:
            yield (
                f"slots {first} and {slot} of {declaration.model} hold the same version "
                f"{version.digest} ({version.label}): an A/B test of a version against itself "
                "says nothing, deploy others"
            )


def _unfit_shadow(
    declaration: Declaration, pointer: LivePointer, state: EndpointState
) -> Iterator[str]:
    """Why the declared shadow cannot be compared now, or need not be any more."""
    plan, candidate = declaration.plan, pointer.slot.other
    if plan.strategy is not Strategy.SHADOW:
        return
    if plan.then is not None and pointer.passed == declaration.slots[candidate].digest:
        yield (
            f"version {pointer.passed} has passed its shadow: deploy again, then it is released "
            f"by {plan.then}"
        )
    shadow, live = state.shadows.get(candidate.value), state.variants.get(pointer.slot.value)
    if shadow is None or live is None or shadow.weight < live.weight:
        yield (
            f"slot {candidate} must be a shadow of slot {pointer.slot} that gets every request: "
            "deploy again"
        )
