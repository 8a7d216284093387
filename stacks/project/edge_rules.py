"""Edge fleets of the project file: what is wrong with them, and their specification."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import seconds_of
from stacks.project.edge_shape import DEFAULT_RINGS, EdgeFile, EdgeGuardrailsFile, RingFile
from stacks.project.edge_spec import EdgeSpec
from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf, artifact_at, artifact_faults, label_of
from stacks.project.release_shape import GuardrailFile
from stacks.project.source import Location, Source
from stacks.project.tables import edge_regions
from tidegate.errors import InvalidValueError
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import Mechanism, Strategy

MODEL_FILE = "model.onnx"
LEAST_LAG_SECONDS = 90
"""A minute until silence is counted, its grace of 20 seconds, and a little (edge/evidence.py)."""

_WORDS: tuple[tuple[str, str], ...] = (
    (r"step|share|bake_seconds", "rings"),
    (r"guardrail|margin|tolerated_slowdown|metric", "guardrails"),
    (r"^lag_seconds", "lag"),
    (r"^outcome_window_seconds", "outcome_window"),
    (r"^hold_seconds", "hold"),
    (r"^warm_up_seconds", "warm_up"),
    (r"^alpha", "alpha"),
    (r"^beta", "beta"),
)


def edge_faults(source: Source, name: str, raw: Mapping[str, Any], shelf: Shelf) -> Iterator[Fault]:
    """What is wrong with the edge fleet of this name."""
    at: Location = ("edge", name)
    try:
        file = EdgeFile.model_validate(raw)
    except ValidationError:
        return  # its shape is told of already
    yield from _name_faults(source, at, name)
    yield from _region_faults(source, at)
    yield from _version_faults(source, at, file, shelf)
    if seconds_of(file.lag) < LEAST_LAG_SECONDS:
        words = f"lag is {file.lag}, must be at least {LEAST_LAG_SECONDS}s: devices report minutes"
        yield source.fault((*at, "lag"), words)
    try:
        _plan(file)
    except InvalidValueError as error:
        for fault in error.faults:
            yield source.fault((*at, *_keys_of(fault)), fault)


def _keys_of(fault: str) -> tuple[str, ...]:
    return next(((key,) for pattern, key in _WORDS if re.search(pattern, fault)), ())


def _name_faults(source: Source, at: Location, name: str) -> Iterator[Fault]:
    for section, kind in (("models", "a model"), ("services", "an AI service")):
        taken = source.value.get(section)
        if isinstance(taken, Mapping) and name in taken:
            words = f"{name} is {kind} as well: what is released has a name of its own"
            yield source.fault(at, words)


def _region_faults(source: Source, at: Location) -> Iterator[Fault]:
    stages = source.value.get("stages")
    for stage, raw in stages.items() if isinstance(stages, Mapping) else ():
        region = raw.get("region") if isinstance(raw, Mapping) else None
        if isinstance(region, str) and region not in edge_regions():
            words = (
                f"stage {stage} is in {region}, where CloudFormation has no Greengrass V2: "
                f"it has in {', '.join(sorted(edge_regions()))}"
            )
            yield source.fault(at, words)


def _version_faults(source: Source, at: Location, file: EdgeFile, shelf: Shelf) -> Iterator[Fault]:
    if (file.model is None) == (file.artifact is None):
        yield source.fault(at, "a fleet runs the live version of a model, or an artifact: name one")
        return
    text = file.artifact if file.model is None else _artifact_of(source, file.model)
    if text is None:
        known = source.value.get("models")
        meant = did_you_mean(str(file.model), known if isinstance(known, Mapping) else {})
        yield source.fault((*at, "model"), f"model is {file.model!r}: {meant}")
        return
    key = "artifact" if file.model is None else "model"
    if file.model is None:
        found = list(artifact_faults(source, at, {"artifact": text}, shelf))
        yield from found
        if found:
            return
    yield from _content_faults(source, (*at, key), text, shelf)


def _artifact_of(source: Source, model: str) -> str | None:
    models = source.value.get("models")
    raw = models.get(model) if isinstance(models, Mapping) else None
    text = raw.get("artifact") if isinstance(raw, Mapping) else None
    return text if isinstance(text, str) else None


def _content_faults(source: Source, at: Location, text: str, shelf: Shelf) -> Iterator[Fault]:
    """Devices run ONNX only: a local artifact must have a model of it. One in S3 is believed."""
    if text.startswith("s3://") or not shelf.path(text).exists():
        return
    if not any(name.rpartition("/")[2] == MODEL_FILE for name in shelf.contents(text).names):
        yield source.fault(
            at,
            f"{text} has no {MODEL_FILE}: export the model to ONNX (skl2onnx, torch.onnx, tf2onnx) "
            "and put it into the artifact",
        )


def edge_of(name: str, file: EdgeFile, artifacts: Mapping[str, str], shelf: Shelf) -> EdgeSpec:
    """The specification of a fleet without faults; `artifacts` are those of models by name."""
    text = str(file.artifact) if file.model is None else artifacts[file.model]
    return EdgeSpec(
        name=name,
        label=label_of(text) if file.label is None else file.label,
        artifact=artifact_at(text, shelf),
        model=file.model,
        devices=file.devices,
        port=file.port,
        plan=_plan(file),
    )


def _plan(file: EdgeFile) -> ReleasePlan:
    return ReleasePlan(
        strategy=Strategy.CANARY,
        mechanism=Mechanism.WEIGHTS,
        steps=tuple(
            Step(share_percent=ring.percent, bake_seconds=seconds_of(ring.bake))
            for ring in _rings(file)
        ),
        guardrails=tuple(_guardrails(file)),
        lag_seconds=seconds_of(file.lag),
        outcome_window_seconds=seconds_of(file.outcome_window),
        hold_seconds=seconds_of(file.hold),
        warm_up_seconds=seconds_of(file.warm_up),
        alpha=file.alpha,
        beta=file.beta,
    )


def _rings(file: EdgeFile) -> Sequence[RingFile]:
    if file.rings is not None:
        return file.rings
    return [RingFile(percent=percent, bake=bake) for percent, bake in DEFAULT_RINGS]


def _guardrails(file: EdgeFile) -> Iterator[Guardrail]:
    said = file.guardrails
    if said is None:
        said = EdgeGuardrailsFile(errors=GuardrailFile(margin=0.02))
    if said.errors is not None:
        yield Guardrail(metric=Metric.ERRORS, margin=said.errors.margin)
    if said.latency is not None:
        yield Guardrail(
            metric=Metric.LATENCY,
            margin=said.latency.margin,
            tolerated_slowdown=said.latency.tolerated_slowdown,
        )
    if said.outcomes is not None:
        yield Guardrail(
            metric=Metric.OUTCOMES, margin=said.outcomes.margin, kind=said.outcomes.kind
        )
