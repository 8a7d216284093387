"""What a project file says of SageMaker's Model Monitor, checked, with every default filled in."""

from dataclasses import dataclass

from stacks.project.model_monitor_shape import MonitoringType


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMonitorSpec:
    """Which kinds run, under which role and images, on what, and where everything is in S3."""

    kinds: tuple[MonitoringType, ...]
    role: str
    image: str
    clarify_image: str | None
    output: str
    baseline: str | None
    ground_truth: str | None
    problem: str | None
    inference_attribute: str | None
    analysis: str | None
    schedule: str
    instance_type: str
    volume_gb: int
