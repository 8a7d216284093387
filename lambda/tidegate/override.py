"""Override: a tester's request goes to the slot he names, and is evidence for nothing.

A header alone would not do: the callers of the front door are back ends that may pass on whatever
headers their users send. So the header has a token that only who may read the signing secret can
make, for one slot of one model, for a while. One that does not fit is refused: to answer from
another slot would let a tester believe that he saw what he did not.
"""

from tidegate.errors import ForgedTextError, OverrideRefusedError
from tidegate.signing import SigningKeys, seal, unseal
from tidegate.split import SplitDocument
from tidegate.values import value

FORMAT = "slot-1"
_FIELDS = 3
LONGEST_SECONDS = 86_400
"""How long a token may last: one that was made for longer is refused until then."""


@value
class Override:
    """A slot of a model, for as long as the cloud's clock is before `expires_at`."""

    model: str
    slot: str
    expires_at: float


def sign_override(override: Override, keys: SigningKeys) -> str:
    """The token to send as `x-tidegate-slot`."""
    return seal(FORMAT, [override.model, override.slot, round(override.expires_at)], keys)


def overridden_slot(token: str, keys: SigningKeys, *, split: SplitDocument, now: float) -> str:
    """The slot that a token names; OverrideRefusedError if it is forged, too old or unfit."""
    try:
        model, slot, expires_at = unseal(token, FORMAT, keys, count=_FIELDS)
    except ForgedTextError as error:
        raise OverrideRefusedError(
            f"the slot token {error}: 'tidegate invoke --slot' makes one"
        ) from error
    if model != split.model:
        raise OverrideRefusedError(f"the slot token is for model {model}, not {split.model}")
    if now >= expires_at:
        raise OverrideRefusedError(
            f"the slot token expired {round(now - expires_at)} s ago: make another one"
        )
    if expires_at - now > LONGEST_SECONDS:
        raise OverrideRefusedError(
            f"the slot token lasts {round(expires_at - now)} s, {LONGEST_SECONDS} are allowed"
        )
    if slot not in split.digests:
        slots = ", ".join(sorted(split.digests))
        raise OverrideRefusedError(f"{split.model} has no slot {slot}, only {slots}")
    return str(slot)
