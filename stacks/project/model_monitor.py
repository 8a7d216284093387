"""SageMaker's Model Monitor in the project file: what each kind of it needs."""

from collections.abc import Iterator

from stacks.project.faults import did_you_mean
from stacks.project.model_monitor_shape import ModelMonitorFile, MonitoringType
from stacks.project.model_monitor_spec import ModelMonitorSpec
from stacks.project.tables import instance_types

_LABELLED = (MonitoringType.MODEL_QUALITY, MonitoringType.MODEL_BIAS)
_CLARIFIED = (MonitoringType.MODEL_BIAS, MonitoringType.MODEL_EXPLAINABILITY)

NEEDS: dict[str, tuple[MonitoringType, ...]] = {
    "ground_truth": _LABELLED,
    "problem": (MonitoringType.MODEL_QUALITY,),
    "inference_attribute": (MonitoringType.MODEL_QUALITY,),
    "clarify_image": _CLARIFIED,
    "analysis": _CLARIFIED,
}
"""Key -> the kinds that cannot do without it (CloudFormation's schemas of the job definitions)."""


def model_monitor_faults(file: ModelMonitorFile) -> Iterator[tuple[str, str]]:
    """Key and fault of everything that is missing or cannot be."""
    for key, kinds in NEEDS.items():
        needing = [kind.value for kind in file.kinds if kind in kinds]
        if needing and getattr(file, key) is None:
            yield "kinds", f"model_monitor.{key} is missing: {' and '.join(needing)} needs it"
    doubled = sorted({kind.value for kind in file.kinds if file.kinds.count(kind) > 1})
    if doubled:
        yield "kinds", f"kinds has {', '.join(doubled)} twice: name each once"
    if file.instance_type not in instance_types():
        meant = did_you_mean(file.instance_type, instance_types())
        yield "instance_type", f"instance_type is {file.instance_type!r}: {meant}"


def model_monitor_of(file: ModelMonitorFile | None) -> ModelMonitorSpec | None:
    """What a checked section asks for."""
    if file is None:
        return None
    return ModelMonitorSpec(
        kinds=tuple(file.kinds),
        role=file.role,
        image=file.image,
        clarify_image=file.clarify_image,
        output=file.output.rstrip("/"),
        baseline=None if file.baseline is None else file.baseline.rstrip("/"),
        ground_truth=file.ground_truth,
        problem=None if file.problem is None else file.problem.value,
        inference_attribute=file.inference_attribute,
        analysis=file.analysis,
        schedule=file.schedule,
        instance_type=file.instance_type,
        volume_gb=file.volume_gb,
    )
