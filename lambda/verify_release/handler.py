"""ReleaseVerify: a deploy that does not serve what it declared is a failed deploy."""

from collections.abc import Collection
from typing import Any

from tidegate.deploy import verify
from tidegate.ec2 import is_fleet, is_rolling
from tidegate.edge.names import is_edge
from tidegate.guardrail import gate
from tidegate.guardrail.gate import DeployRequest
from tidegate.managed import is_managed
from tidegate.pointer import Declaration
from tidegate.slots import first_slot
from tidegate.strategies import Mechanism
from tidegate.tracks import Tracks, configs_in
from tidegate.traffic import reset_records
from tidegate_aws.cloudformation import CustomResourceRequest, Done, answer
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world
from verify_release.events import (
    CONFIG,
    VerifyRequest,
    start_seconds,
    verified,
    verify_request,
)

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The answer that CloudFormation got."""
    return answer(event, _verify)


def _verify(request: CustomResourceRequest) -> Done:
    ports = world(_NEEDS)
    if request.kind == "Delete":
        return _forgotten(ports, request)
    wanted = verify_request(request)
    keep = _still_needed(ports, wanted)
    declaration = wanted.declaration
    if declaration.plan.mechanism is Mechanism.GUARDRAIL:
        deployed = DeployRequest(
            declared=declaration, stack_id=request.stack_id, request_id=request.request_id
        )
        gate.verify(ports.guardrail, deployed)
    elif is_managed(declaration.endpoint_name):
        return _settings(ports, declaration)
    elif is_fleet(declaration.endpoint_name):
        return _instances(ports, declaration, seconds=start_seconds(request))
    elif is_edge(declaration.endpoint_name):
        return _rings(ports, declaration)
    else:
        verify(store=ports.store, traffic=ports.traffic, clock=ports.clock, declaration=declaration)
    left = _left_behind(ports, serving=declaration.endpoint_config_name, keep=keep)
    return verified(declaration.model, left)


def _rings(ports: World, declaration: Declaration) -> Done:
    """The rings of an edge fleet have a version to run; CloudFormation removes those not needed."""
    pointer = ports.store.pointer(declaration.model)
    live = first_slot(declaration.slots) if pointer is None else pointer.slot
    ports.edge.declare(declaration, live=live.value)
    verify(store=ports.store, traffic=ports.traffic, clock=ports.clock, declaration=declaration)
    return verified(declaration.model, "component versions are the template's")


def _settings(ports: World, declaration: Declaration) -> Done:
    """The arms of a managed service are those declared; sets of settings leave nothing behind."""
    pointer = ports.store.pointer(declaration.model)
    live = first_slot(declaration.slots) if pointer is None else pointer.slot
    ports.managed.declare(
        declaration.endpoint_name,
        declaration.endpoint_config_name,
        [slot.value for slot in declaration.slots],
        live.value,
    )
    verify(store=ports.store, traffic=ports.traffic, clock=ports.clock, declaration=declaration)
    return verified(declaration.model, "settings leave nothing behind")


def _instances(ports: World, declaration: Declaration, *, seconds: float) -> Done:
    """The groups of a fleet are those declared, and all of their instances answer."""
    pointer = ports.store.pointer(declaration.model)
    live = first_slot(declaration.slots) if pointer is None else pointer.slot
    name, config = declaration.endpoint_name, declaration.endpoint_config_name
    slots = [slot.value for slot in declaration.slots]
    if is_rolling(name):
        rolling, at = ports.rolling, ports.clock
        rolling.await_instances(config, live.value, clock=at, seconds=seconds)
        rolling.declare(name, config, slots, live.value)
    else:
        ports.fleets.await_instances(config, clock=ports.clock, seconds=seconds)
        ports.fleets.declare(name, config, slots, live.value)
    verify(store=ports.store, traffic=ports.traffic, clock=ports.clock, declaration=declaration)
    return verified(declaration.model, "CloudFormation ends the groups that were replaced")


def _left_behind(ports: World, *, serving: str, keep: Collection[str]) -> str:
    """What became of the leftovers; each track's endpoint has a configuration of its own."""
    kept = {name for text in (serving, *keep) for name in configs_in(text)}
    removed = [
        ports.leftovers.remove(serving=name, keep=kept - {name}) for name in configs_in(serving)
    ]
    return "; ".join(removed)


def _forgotten(ports: World, request: CustomResourceRequest) -> Done:
    """The model is unknown, and earlier deploys left nothing: no stack has that as a resource."""
    model = str(request.properties["Model"])
    endpoint = str(request.properties.get("EndpointName", ""))
    ports.store.forget(model)
    if is_managed(endpoint) or is_fleet(endpoint):
        ports.managed.forget(endpoint)
        return verified(model, "forgotten")
    if is_edge(endpoint):
        ports.edge.forget(endpoint)
        return verified(model, "forgotten")
    if "Tracks" in request.properties:
        tracks = Tracks.from_json(request.properties["Tracks"])
        reset_records(records=ports.traffic.records, tracks=tracks)
    if CONFIG not in request.properties:
        return verified(model, "forgotten")
    left = _left_behind(ports, serving=str(request.properties[CONFIG]), keep=())
    return verified(model, f"forgotten, {left}")


def _still_needed(ports: World, wanted: VerifyRequest) -> frozenset[str]:
    """Configurations that somebody may go back to: the earlier deploy's and an open release's."""
    model = wanted.declaration.model
    before = ports.store.declaration(model)
    holder = ports.store.lock_holder(model)
    kept = set(wanted.previous_configs)
    if before is not None:
        kept.add(before.endpoint_config_name)
    if holder is not None:
        kept.add(ports.store.load(holder).endpoint_config_name)
    return frozenset(kept)
