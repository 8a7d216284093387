"""Send: five minutes of traffic to the models in staging, through the front door."""

from typing import Any

from send_traffic.events import ROUND_SECONDS, started_at, traffic_files
from tidegate.sending import Round, send_round
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.API_URL, Variable.TRAFFIC)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What was sent, in counts. A round that is run again sends again: requests are no changes."""
    began = started_at(event)
    ports = world(_NEEDS)
    files = traffic_files(ports.settings[Variable.TRAFFIC])
    traffic = {each.model: each.traffic(ports.text(each.bucket, each.key)) for each in files}
    now = ports.clock.now()
    when = Round(started_at=began, begin=now, end=now + ROUND_SECONDS)
    return send_round(ports.sending(), traffic, when)
