"""What a run of the monitor is told to do, and what it answers."""

import json
from dataclasses import dataclass
from typing import Any

from tidegate.monitoring.look import Looked
from tidegate.monitoring.plan import MonitoringPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What the function was deployed with: the plan, and where the baseline is."""

    plan: MonitoringPlan
    bucket: str
    key: str

    @classmethod
    def from_text(cls, text: str) -> "Monitoring":
        """What the variable `MONITORING` says."""
        data = json.loads(text)
        plan = MonitoringPlan.from_json(data["plan"])
        return cls(plan=plan, bucket=data["bucket"], key=data["key"])


def outcome(view: dict[str, Any], looked: Looked) -> dict[str, Any]:
    """Whether captures are left for another run, and what this one came to."""
    return {
        "next": "monitor" if looked.more else "done",
        "word": view["word"],
        "reason": view["reason"],
        "files": looked.files,
        "requests": looked.requests,
        "windows": looked.windows,
    }
