"""Shadows in the project file: one release section says two plans, its own and what follows.

Keys of the section belong to either or both: `bake` to both, `lag` and guardrail agreement to the
shadow, guardrail outcomes and the steps to what follows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.project.faults import Fault
from stacks.project.release_shape import CompareFile, ReleaseFile
from stacks.project.source import Location, Source
from tidegate.shadow.pairing import Pairing
from tidegate.shadow.rules import FOLLOWING
from tidegate.strategies import Mechanism, Strategy

LAG = "10m"
"""Of a shadow, where the section says none: captures come some minutes after the request."""

_WHOLE = 100


def own_section(section: ReleaseFile) -> ReleaseFile:
    """What the section says of its own plan: of a shadow, without what is about users' outcomes.

    Outcomes stay, and are refused, where nothing follows that could watch them.
    """
    if section.strategy is not Strategy.SHADOW:
        return section
    changes: dict[str, Any] = {} if "lag" in section.model_fields_set else {"lag": LAG}
    if section.guardrails is not None and section.then is not None:
        changes["guardrails"] = section.guardrails.model_copy(update={"outcomes": None})
    return section.model_copy(update=changes)


def following_section(section: ReleaseFile) -> ReleaseFile | None:
    """The section of the plan that follows a shadow; None where nothing legal does."""
    if section.strategy is not Strategy.SHADOW or section.then not in FOLLOWING:
        return None
    guardrails = section.guardrails
    if guardrails is not None:
        guardrails = guardrails.model_copy(update={"agreement": None})
    changes = {
        "strategy": section.then,
        "mechanism": Mechanism.WEIGHTS,
        "guardrails": guardrails,
        "compare": None,
        "then": None,
        "lag": ReleaseFile().lag,
        # Canary bakes by its steps; the section's bake is the shadow's.
        "bake": None if section.then is Strategy.CANARY else section.bake,
    }
    return section.model_copy(update=changes)


def pairing_of(compare: CompareFile | None) -> Pairing | None:
    """What is compared."""
    if compare is None:
        return None
    return Pairing(answer=compare.answer, tolerance=compare.tolerance, slice=compare.slice)


def shadow_faults(source: Source, at: Location, raw: Mapping[str, Any]) -> Iterator[Fault]:
    """What a model with a shadow needs of its other sections: every request captured and copied."""
    release = raw.get("release")
    if not isinstance(release, Mapping) or release.get("strategy") != Strategy.SHADOW.value:
        return
    percent = _member(raw, "data_capture", "percent")
    if percent != _WHOLE:
        told = "off" if percent is None else f"{percent} percent"
        yield source.fault(
            (*at, "data_capture", "percent"),
            f"data_capture is {told}, strategy shadow needs percent: 100: both answers to a "
            "request are read from there, and a missing one counts as failed",
        )
    hosting = raw.get("hosting")
    least, most = _member(hosting, "instances", "min"), _member(hosting, "instances", "max")
    if most is not None and most != (1 if least is None else least):
        yield source.fault(
            (*at, "hosting", "instances", "max"),
            f"instances.max is {most}, strategy shadow needs a fixed number of instances: whether "
            "SageMaker scales a shadow with its load is not documented; drop instances.max",
        )


def _member(raw: object, section: str, key: str) -> Any:
    found = raw.get(section) if isinstance(raw, Mapping) else None
    return found.get(key) if isinstance(found, Mapping) else None
