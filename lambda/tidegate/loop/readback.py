"""Reading back: does the endpoint serve what the record says?"""

from tidegate.ec2 import instances_for, is_fleet, is_rolling
from tidegate.ports import EndpointState, VariantState
from tidegate.release import ReleaseRecord

_TOLERANCE_PERCENT = 0.01
"""Weights are floats; shares that differ by less are the same share."""


def in_service(state: EndpointState) -> bool:
    """Whether the endpoint has settled and may be changed."""
    return state.status == "InService"


def has_shares(state: EndpointState, shares: dict[str, int]) -> bool:
    """Whether the weights read back give exactly these shares, in percent."""
    actual = state.shares()
    return actual.keys() == shares.keys() and all(
        abs(actual[slot] - share) < _TOLERANCE_PERCENT for slot, share in shares.items()
    )


def changed_config(state: EndpointState, record: ReleaseRecord) -> str | None:
    """Why the endpoint no longer serves what was released, None when it does."""
    if state.config_name == record.endpoint_config_name:
        return None
    return (
        f"endpoint {record.endpoint_name} serves configuration {state.config_name}, "
        f"the release began on {record.endpoint_config_name}: something deployed underneath it"
    )


def asleep(state: EndpointState, record: ReleaseRecord) -> tuple[str, ...]:
    """The slots that a step is to send requests to, and that have no instance and none to come.

    Only asynchronous endpoints sleep, and fleets of instances; in one group whose instances are
    replaced, a candidate that has fewer than its share needs counts too. Ways back wait for nobody:
    a request keeps in its queue, and the live slot of a fleet is awake while it is asked.
    """
    if is_rolling(record.endpoint_name):
        return _short(state, record) if record.moves_gently else ()
    queues = record.tracks is not None and not record.tracks.by_dns
    if not (queues or is_fleet(record.endpoint_name)) or not record.moves_gently:
        return ()
    return tuple(
        slot
        for slot, share in record.target_shares.items()
        if share > 0 and slot in state.variants and _sleeps(state.variants[slot])
    )


def _short(state: EndpointState, record: ReleaseRecord) -> tuple[str, ...]:
    """The candidate, where it has too few instances of its group for its target share.

    The live version has had all of them, and only ever has too many for its share. Each slot tells
    the whole group's size as what it may have.
    """
    slot = record.candidate.slot.value
    variant = state.variants.get(slot)
    if variant is None or variant.current_instances is None or variant.desired_instances is None:
        return ()
    needed = instances_for(record.target_shares[slot], size=variant.desired_instances)
    return (slot,) if variant.current_instances < needed else ()


def _sleeps(variant: VariantState) -> bool:
    return variant.current_instances == 0 and variant.desired_instances in {0, None}


def lacks_instances(state: EndpointState, record: ReleaseRecord) -> bool:
    """Whether a slot that is to have traffic still waits for its instances.

    Arms of a test that serve already are not waited for: one that does harm loses its users at
    once, also while another one scales out. Nor is an asynchronous slot on the way back, nor a slot
    of a group whose instances are replaced: what it needs was waited for, and the rest follows.
    """
    if is_rolling(record.endpoint_name):
        return False
    if record.tracks is not None and not record.tracks.by_dns and not record.moves_gently:
        return False
    serving = set() if record.testing is None else {s for s, n in state.shares().items() if n > 0}
    return any(
        _waits(state.variants[slot])
        for slot, share in record.target_shares.items()
        if share > 0 and slot in state.variants and slot not in serving
    )


def _waits(variant: VariantState) -> bool:
    if variant.current_instances is None:
        return False
    desired = 1 if variant.desired_instances is None else variant.desired_instances
    return variant.current_instances < max(1, desired)
