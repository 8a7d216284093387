"""What the rollback alarm of an endpoint is called: the template makes it, the watch feeds it."""

METRIC = "Harm"
DIMENSION = "EndpointName"

PERIOD_SECONDS = 10
"""The shortest period of an alarm: harm is acted upon soon, and soon forgotten."""


def alarm_name(endpoint_name: str) -> str:
    """The literal name: endpoint and alarm name one another, which must be no cycle."""
    return f"{endpoint_name}-release-harm"
