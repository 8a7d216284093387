"""Alarms that stop or undo a deployment, and those that people are told of."""

from collections.abc import Iterator

from gate.finding import Fault, Severity
from gate.rule import Rule
from gate.rules.deployments import ENDPOINT
from gate.template import Assembly, Resource, mappings, target, text_of

ALARM = "AWS::CloudWatch::Alarm"
_MISSING = "TreatMissingData"


def _stopping(assembly: Assembly) -> set[tuple[str, str]]:
    """Stacks and names or ids of alarms that undo a deployment or keep a stage closed."""
    found: set[tuple[str, str]] = set()
    for endpoint in assembly.of(ENDPOINT):
        path = ("DeploymentConfig", "AutoRollbackConfiguration", "Alarms")
        for alarm in mappings(endpoint.at(*path)):
            found.add((endpoint.template.stack, _name(alarm.get("AlarmName"))))
    for group in assembly.of("AWS::CodeDeploy::DeploymentGroup"):
        for alarm in mappings(group.at("AlarmConfiguration", "Alarms")):
            found.add((group.template.stack, _name(alarm.get("Name"))))
    return found


def _name(value: object) -> str:
    return target(value) or (text_of(value) or "")


def _stops(alarm: Resource, stopping: set[tuple[str, str]]) -> bool:
    stack = alarm.template.stack
    return (stack, alarm.id) in stopping or (stack, _name(alarm.at("AlarmName"))) in stopping


def _undoing(assembly: Assembly) -> Iterator[Fault]:
    stopping = _stopping(assembly)
    for alarm in assembly.of(ALARM):
        if _stops(alarm, stopping) and alarm.at(_MISSING) != "notBreaching":
            yield alarm.fault(
                (_MISSING,),
                "this alarm undoes a deployment, and a quiet minute would set it off or leave it "
                "without data when the next one begins",
                got=alarm.at(_MISSING),
                allowed="notBreaching",
            )


def _said(assembly: Assembly) -> Iterator[Fault]:
    stopping = _stopping(assembly)
    for alarm in assembly.of(ALARM):
        if not _stops(alarm, stopping) and alarm.at(_MISSING) in {None, "missing"}:
            yield alarm.fault(
                (_MISSING,),
                "without data the alarm is INSUFFICIENT_DATA, which tells nobody anything",
                got=alarm.at(_MISSING),
                allowed="notBreaching (no requests are no fault), breaching, or ignore",
            )


RULES = (
    Rule(
        id="rollback-alarm-data",
        holds="an alarm that undoes a deployment is OK while there is no data",
        source="CloudWatch user guide, Configuring how alarms treat missing data",
        check=_undoing,
    ),
    Rule(
        id="alarm-data",
        holds="an alarm says what no data means",
        source="CloudWatch user guide, Configuring how alarms treat missing data",
        check=_said,
        severity=Severity.WARNING,
    ),
)
