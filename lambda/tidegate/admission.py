"""ReleaseGuard's decision: may this deploy change what the template says it changes?

Pure: the custom resource reads pointer, lock and past declarations, and asks here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tidegate.pointer import LivePointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a deploy may go on, and why, in a sentence for CloudFormation's event list."""

    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is true of a model before a deploy; `admitted`: digests by slot of earlier deploys."""

    pointer: LivePointer | None
    lock_holder: str | None
    admitted: Collection[Mapping[str, str]]


def admit(*, model: str, proposed: Mapping[str, str], standing: Standing) -> Admission:
    """Decide on a deploy that declares `proposed` (slot name to version digest).

    A first deploy is allowed, and so is one that keeps every digest or returns to a state that was
    admitted before (CloudFormation's own rollback), as long as the live version stays in its slot.
    """
    pointer = standing.pointer
    if pointer is None:
        return Admission(allowed=True, reason=f"first deploy of {model}")
    declared = proposed.get(pointer.slot.value)
    if declared != pointer.version.digest:
        return Admission(
            allowed=False,
            reason=(
                f"slot {pointer.slot} of {model} is live with version {pointer.version.digest} "
                f"({pointer.version.label}), and this template puts {_told(declared)} there: "
                f"deploy with 'tidegate deploy', which puts new versions into {_idle(pointer)}, "
                f"then release with 'tidegate release start {model}'"
            ),
        )
    if dict(proposed) in [dict(earlier) for earlier in standing.admitted]:
        return Admission(allowed=True, reason=f"versions of {model} were admitted before")
    if standing.lock_holder is not None:
        return Admission(
            allowed=False,
            reason=(
                f"{model} is being released by {standing.lock_holder}, and this template changes "
                f"its idle slot: wait for the release, or run 'tidegate release abort {model}'"
            ),
        )
    return Admission(allowed=True, reason=f"only the idle slot of {model} changes")


def _told(digest: str | None) -> str:
    return "nothing" if digest is None else digest


def _idle(pointer: LivePointer) -> str:
    """Where new versions go, of whatever strategy the template is."""
    return f"the idle slot {pointer.slot.other}, or of an A/B test into idle arms"
