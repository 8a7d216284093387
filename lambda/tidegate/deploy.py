"""Guard and verify: what a deploy may change, and whether it did what it declared.

The custom resources of the template call these, so that a bare `cdk deploy` is safe too.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.admission import Standing, admit
from tidegate.errors import DeployRefusedError, InvalidValueError, LockedError
from tidegate.loop.readback import has_shares
from tidegate.plan import ReleasePlan
from tidegate.pointer import Declaration, LivePointer, home_shares
from tidegate.ports import Clock, EndpointState, ReleaseStore
from tidegate.scaling import Scaling
from tidegate.slots import PAIR, Slot, first_slot
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.strategies import Mechanism
from tidegate.targets import lost_faults
from tidegate.tracks import Tracks
from tidegate.traffic import Traffic
from tidegate.version import Version, models_of

_DEPLOY = "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """What a template declares for a model.

    `live` is the slot that the template takes for the live one, `scaling` on what it runs and what
    follows its load; None if it does not say.
    """

    model: str
    endpoint_name: str
    slots: Mapping[Slot, Version]
    plan: ReleasePlan
    tracks: Tracks | None = None
    live: Slot | None = None
    scaling: Scaling | None = None

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> "Deploy":
        """The deploy in a custom resource's properties; InvalidValueError names all that lack."""
        needed = ("Model", "EndpointName", "Slots", "Plan")
        missing = [name for name in needed if name not in properties]
        if missing:
            raise InvalidValueError([f"property {name} is missing" for name in missing])
        slots = {Slot(s): Version.from_json(v) for s, v in _json(properties["Slots"]).items()}
        plan = ReleasePlan.from_json(_json(properties["Plan"]))
        faults = slot_faults(slots, plan)
        if faults:
            raise InvalidValueError(faults)
        tracks, live = properties.get("Tracks"), properties.get("Live")
        return cls(
            model=properties["Model"],
            endpoint_name=properties["EndpointName"],
            slots=slots,
            plan=plan,
            tracks=None if tracks is None else Tracks.from_json(_json(tracks)),
            live=None if live is None else Slot(live),
            scaling=scaling_of(properties),
        )

    def declaration(self, endpoint_config_name: str) -> Declaration:
        """The declaration of this deploy once its endpoint configuration has a name."""
        return Declaration(
            model=self.model,
            endpoint_name=self.endpoint_name,
            endpoint_config_name=endpoint_config_name,
            slots=self.slots,
            plan=self.plan,
            tracks=self.tracks,
        )


def scaling_of(properties: Mapping[str, Any]) -> Scaling | None:
    """What a custom resource's properties say of autoscaling; None if they say nothing."""
    found = properties.get("Scaling")
    return None if found is None else Scaling.from_json(found)


def slot_faults(slots: Collection[Slot], plan: ReleasePlan) -> tuple[str, ...]:
    """What is wrong with the slots that a template declares: empty when nothing is."""
    found = ", ".join(sorted(slots)) or "none"
    if plan.ab_test is not None:
        if len(slots) == plan.ab_test.challengers + 1:
            return ()
        return (f"Slots must declare {plan.ab_test.challengers + 1} arms, got {found}",)
    if len(slots) == len(PAIR) and any(set(slots) == {slot, slot.other} for slot in slots):
        return ()
    return (
        f"Slots must declare {' and '.join(PAIR)}, or an arm that is live and blue; got {found}",
    )


def _json(value: Any) -> Mapping[str, Any]:
    """A structured property: JSON text, or a map where deploy-time values are inside."""
    data: Mapping[str, Any] = json.loads(value) if isinstance(value, str) else value
    return data


def by_guardrail(store: ReleaseStore, deploy: Deploy) -> bool:
    """Whether SageMaker releases this deploy by itself, or released the one before it."""
    before = store.declaration(deploy.model)
    plans = [deploy.plan] if before is None else [deploy.plan, before.plan]
    return any(plan.mechanism is Mechanism.GUARDRAIL for plan in plans)


def guard(*, store: ReleaseStore, deploy: Deploy) -> str:
    """Why the deploy may change hosting resources; DeployRefusedError says why it may not."""
    standing = Standing(
        pointer=store.pointer(deploy.model),
        lock_holder=store.lock_holder(deploy.model),
        admitted=store.admitted(deploy.model),
    )
    proposed = {slot.value: version.digest for slot, version in deploy.slots.items()}
    admission = admit(model=deploy.model, proposed=proposed, standing=standing)
    faults = [] if admission.allowed else [admission.reason]
    faults += _shadow_faults(standing.pointer, deploy)
    faults += _lost_faults(standing.pointer, deploy)
    if faults:
        raise DeployRefusedError("; ".join(faults))
    return admission.reason


def _shadow_faults(pointer: LivePointer | None, deploy: Deploy) -> list[str]:
    """Why the template takes away the variant that serves: a shadow's has one, the live slot's."""
    if deploy.plan.mechanism is not Mechanism.SHADOW or pointer is None:
        return []
    if deploy.live is None or deploy.live is pointer.slot:
        return []
    return [
        (
            f"slot {pointer.slot} of {deploy.model} is live, and this template would have slot "
            f"{deploy.live} serve alone: deploy with 'tidegate deploy', which knows the live slot"
        )
    ]


def _lost_faults(pointer: LivePointer | None, deploy: Deploy) -> list[str]:
    """Why users of a model would be refused by the versions that wait for a release."""
    if pointer is None:
        return []
    waiting = [version for slot, version in sorted(deploy.slots.items()) if slot != pointer.slot]
    found = [lost_faults(deploy.model, pointer.version.targets, v.targets) for v in waiting]
    return [fault for faults in found for fault in faults]


def guard_removal(*, store: ReleaseStore, model: str) -> None:
    """The model may be removed; LockedError while a release of it is open."""
    holder = store.lock_holder(model)
    if holder is not None:
        raise LockedError(model=model, holder=holder)


def verify(
    *, store: ReleaseStore, traffic: Traffic, clock: Clock, declaration: Declaration
) -> None:
    """What was declared serves, and is the model's declaration now.

    The first deploy gets a pointer and a split document here. DeployRefusedError when the endpoint
    serves anything else: SageMaker can end `InService` on the old configuration.
    """
    state = traffic.read(declaration)
    pointer = store.pointer(declaration.model)
    holder = store.lock_holder(declaration.model)
    live = first_slot(declaration.slots) if pointer is None else pointer.slot
    faults = [*_config_faults(state, declaration), *_live_faults(pointer, declaration)]
    shares = home_shares(declaration, live)
    if holder is None and not has_shares(state, shares):
        faults.append(
            f"slot {live} of {declaration.endpoint_name} should serve everything, "
            f"read back {state.shares()}"
        )
    if faults:
        raise DeployRefusedError("; ".join(faults))
    if pointer is None:
        store.put_pointer(_first_pointer(declaration, now=clock.now()))
    if holder is None:
        _renew_split(store, declaration, live)
    store.put_declaration(declaration)


def _config_faults(state: EndpointState, declaration: Declaration) -> list[str]:
    if state.config_name == declaration.endpoint_config_name:
        return []
    why = state.failure_reason or "it gave no reason"
    return [
        (
            f"endpoint {declaration.endpoint_name} still serves configuration {state.config_name}, "
            f"not {declaration.endpoint_config_name}: SageMaker rolled the update back ({why})"
        )
    ]


def _live_faults(pointer: LivePointer | None, declaration: Declaration) -> list[str]:
    if pointer is None:
        return []
    held = declaration.slots.get(pointer.slot)
    declared = None if held is None else held.digest
    if declared == pointer.version.digest:
        return []
    return [
        (
            f"slot {pointer.slot} is live with version {pointer.version.digest}, "
            f"and this deploy put {declared} there: a release moved the pointer meanwhile"
        )
    ]


def _first_pointer(declaration: Declaration, *, now: float) -> LivePointer:
    return LivePointer(
        model=declaration.model,
        slot=first_slot(declaration.slots),
        version=declaration.slots[first_slot(declaration.slots)],
        generation=1,
        moved_at=now,
        moved_by=_DEPLOY,
    )


def _renew_split(store: ReleaseStore, declaration: Declaration, live: Slot) -> None:
    """The split document says what is in the slots now, and how the plan wants users drawn."""
    known = store.split(declaration.model)
    renewed = SplitDocument(
        model=declaration.model,
        endpoint_name=declaration.endpoint_name,
        version=1 if known is None else known.version + 1,
        release_id=NO_RELEASE,
        shares=home_shares(declaration, live),
        digests=declaration.digests(),
        control=live.value,
        drawn_by=declaration.plan.split,
        holdout_percent=declaration.plan.holdout_percent,
        models=models_of(declaration.slots),
        asynchronous=None if declaration.tracks is None else declaration.tracks.asynchronous,
    )
    if known is None or replace(renewed, version=known.version) != known:
        store.put_split(renewed)
