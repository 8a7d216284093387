"""What a project file says of a model's monitor, checked, with every default filled in."""

from dataclasses import dataclass
from pathlib import Path

from stacks.project.model_monitor_spec import ModelMonitorSpec
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.reaction.plan import ReactionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSpec:
    """The plan, the file of the baseline, and how often new captures are looked at.

    `reaction` says what is done about findings, None for nothing but alerts.
    `model_monitor` is SageMaker's own beside it, for accounts that have it.
    """

    plan: MonitoringPlan
    baseline: Path
    every_seconds: int
    reaction: ReactionPlan | None = None
    model_monitor: ModelMonitorSpec | None = None
