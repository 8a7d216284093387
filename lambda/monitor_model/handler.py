"""Monitor: new captures are counted, windows that are over are judged, and findings told."""

from typing import Any

from monitor_model.events import Monitoring, outcome
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.baseline import read_baseline
from tidegate.monitoring.look import LookPorts
from tidegate.monitoring.run import MonitorRun, run_monitor
from tidegate.monitoring.trained import Reference, reference_of
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.MODEL, Variable.ENDPOINTS, Variable.MONITOR_BUCKET, Variable.MONITORING)
SPARE_MILLISECONDS = 120_000
"""What one object and the end of a run may take."""


def handle(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Whether captures are left; killed and run again, each object still counts once."""
    found = world(_NEEDS)
    monitoring = Monitoring.from_text(found.settings[Variable.MONITORING])
    baseline = read_baseline(found.text(monitoring.bucket, monitoring.key))
    reference = reference_of(
        Reference(plan=monitoring.plan, baseline=baseline),
        found.trained_versions if Variable.PACKAGE_GROUP in found.settings.values else None,
    )
    watched = Watched.against(reference)
    ports = LookPorts(
        store=found.monitor_store,
        files=found.capture_files,
        now=found.clock.now(),
        outcomes=None if monitoring.plan.outcomes is None else found.known_outcomes,
        labels=None if monitoring.plan.score is None else found.known_outcomes,
        out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MILLISECONDS,
    )
    model = found.settings[Variable.MODEL]
    run = MonitorRun(model=model, watched=watched, look=ports, teller=found.monitor_teller)
    return outcome(*run_monitor(run))
