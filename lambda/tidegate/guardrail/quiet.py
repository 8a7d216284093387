"""Quieting the rollback alarm: left in ALARM it would fail CloudFormation's own rollback."""

from tidegate.guardrail.ports import Ports

QUIET_SECONDS = 60
"""How long an alarm may take: its period is ten seconds, CloudWatch evaluates within a few more."""

_LOOK_SECONDS = 0.5
_LOOKS = int(QUIET_SECONDS / _LOOK_SECONDS)


def quiet(ports: Ports, endpoint_name: str) -> bool:
    """No harm is published any more; whether the alarm is out of ALARM, waited for a minute."""
    for _ in range(_LOOKS):
        ports.alarm.publish(endpoint_name, harm=False)
        if not ports.alarm.firing(endpoint_name):
            return True
        ports.pause(_LOOK_SECONDS)
    return False
