"""Which version goes into which slot: the live one stays, new ones go into the idle slots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from stacks.project.artifact_spec import Artifact, TargetArtifacts, identity_of
from stacks.project.doors import DnsSpec
from stacks.project.spec import ContainerSpec, ModelSpec, Trained
from tidegate.asynchronous import Asynchronous
from tidegate.pointer import LivePointer
from tidegate.slots import ARMS, PAIR, Slot, idle_slots
from tidegate.targets import TargetModels
from tidegate.tracks import Tracks, track_endpoint
from tidegate.version import Container, Version, digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The version in each slot, and the slot that serves when the endpoint is made anew.

    `served` are the slots that have a production variant, `live_weight` is the initial weight of
    the live one beside another.
    """

    live: Slot
    slots: Mapping[Slot, Version]
    served: tuple[Slot, ...] = PAIR
    live_weight: float = 1


class PlacementError(Exception):
    """What is live cannot stay where it is under this plan; the message says what to do."""


KEPT_WEIGHT = 1e-9
"""Initial weight of a live slot that has long been served with a weight of its own.

A variant in service keeps that weight whatever the template says. The template's is for one that
comes back, when CloudFormation rolls a later deploy back: by then another slot may be live, with a
weight of 1, and this one must get nothing. Alone it still is everything.
"""


def tracks_of(model: ModelSpec, dns: DnsSpec | None, *, endpoint: str) -> Tracks | None:
    """The tracks of a model that has them; `endpoint` begins the names of their endpoints."""
    if not model.has_tracks:
        return None
    endpoints = {slot: track_endpoint(endpoint, slot.value) for slot in PAIR}
    waits = model.asynchronous
    if waits is not None:
        # The bucket's name is generated: the template puts it here (components/gate.py).
        later = Asynchronous(
            bucket="",
            waiting_seconds=waits.waiting_seconds,
            processing_seconds=waits.processing_seconds,
        )
        return Tracks(zone_id="", host=model.name, endpoints=endpoints, asynchronous=later)
    if dns is None:
        raise ValueError(f"model {model.name} is released by dns, and its stage has no zone")
    return Tracks(
        zone_id=dns.zone_id,
        host=dns.host(model.name),
        endpoints=endpoints,
    )


def version_of(model: Trained, *, region: str, uri_of: Callable[[Artifact], str]) -> Version:
    """The version that the project file describes, its artifacts deployed where `uri_of` says."""
    every: tuple[Trained | ContainerSpec, ...] = (model, *model.then)
    first, *then = (
        Container(
            image=each.images[region],
            artifact=identity_of(each.artifact),
            artifact_uri=uri_of(each.artifact),
            environment=dict(sorted(each.environment.items())),
        )
        for each in every
    )
    return Version(
        targets=_targets(model.artifact, uri_of),
        digest=digest_of(
            image=first.image, artifact=first.artifact, environment=first.environment, then=then
        ),
        label=model.label,
        image=first.image,
        artifact=first.artifact,
        artifact_uri=first.artifact_uri,
        environment=first.environment,
        then=tuple(then),
    )


def _targets(artifact: Artifact, uri_of: Callable[[Artifact], str]) -> TargetModels | None:
    if not isinstance(artifact, TargetArtifacts):
        return None
    return TargetModels(
        names=tuple(sorted(artifact.models)),
        code_uri="" if artifact.code is None else uri_of(artifact.code),
        retired=artifact.retired,
    )


def contenders(model: ModelSpec) -> tuple[ModelSpec, ...]:
    """The model with each version of its A/B test, the control's first; just itself without one."""
    own = (
        replace(model, label=one.label, artifact=one.artifact, environment=one.environment)
        for one in model.challengers
    )
    return (model, *own)


def in_turn(model: ModelSpec, version: Version, pointer: LivePointer | None) -> ModelSpec:
    """The model with the plan whose turn it is: what follows, once the version passed its shadow.

    A version that was promoted has no shadow before it any more, and the next one begins with it.
    """
    passed = pointer is not None and pointer.passed == version.digest
    if model.following is None or not passed:
        return model
    return replace(model, plan=model.following, following=None)


def place_alone(version: Version) -> Placement:
    """One production variant with the version: SageMaker itself brings up a second fleet."""
    slots = {Slot.BLUE: version, Slot.GREEN: version}
    return Placement(live=Slot.BLUE, slots=slots, served=(Slot.BLUE,))


def place(version: Version, pointer: LivePointer | None) -> Placement:
    """Both slots hold the version before a first deploy; afterwards only the idle slot does."""
    if pointer is None:
        return Placement(live=Slot.BLUE, slots={Slot.BLUE: version, Slot.GREEN: version})
    slots = {pointer.slot: pointer.version, pointer.slot.other: version}
    return Placement(
        live=pointer.slot, slots=slots, served=tuple(sorted(slots)), live_weight=KEPT_WEIGHT
    )


def place_arms(pool: Sequence[Version], pointer: LivePointer | None) -> Placement:
    """Each arm of an A/B test has a version of its own; `pool` has the control's first.

    Before a first deploy the control goes into the first arm. Afterwards the live version stays in
    its slot: if it is one of the pool the others of it go into the idle slots, in order, so that
    the same file says the same after its winner was promoted. Otherwise the live version takes the
    place of the control.
    """
    control, *challengers = pool
    live = ARMS[0] if pointer is None else pointer.slot
    serving = control if pointer is None else pointer.version
    others = [version for version in pool if version.digest != serving.digest]
    idle = others if len(others) < len(pool) else challengers
    slots = {live: serving, **dict(zip(idle_slots(live, challengers=len(idle)), idle, strict=True))}
    weight = 1 if pointer is None else KEPT_WEIGHT
    return Placement(live=live, slots=slots, served=tuple(sorted(slots)), live_weight=weight)


def slots_of(model: ModelSpec, pointer: LivePointer | None) -> tuple[Slot, ...]:
    """The slots of a model, whatever versions are in them."""
    if model.challengers:
        live = ARMS[0] if pointer is None else pointer.slot
        return tuple(sorted((live, *idle_slots(live, challengers=len(model.challengers)))))
    return PAIR if pointer is None else tuple(sorted((pointer.slot, pointer.slot.other)))


def refuse_unplaceable(model: ModelSpec, pointer: LivePointer | None) -> None:
    """PlacementError where the live version is in an arm and the plan needs blue or green."""
    if pointer is None or pointer.slot in PAIR or not model.has_tracks:
        return
    raise PlacementError(
        f"{model.name} is live in slot {pointer.slot} of an A/B test, and {model.plan.strategy} by "
        f"{model.plan.mechanism} has the slots blue and green only: release a version by canary "
        "with mechanism weights first, which takes it to blue, then change the mechanism"
    )
