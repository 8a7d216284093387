"""Which code runs an action or a rule, and for how long at most. Times are cloud seconds.

Time-outs: AWS CodePipeline user guide, "Quotas".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.providers import (
    approval,
    build,
    cloudformation,
    conditions,
    connection_source,
    function,
    s3_deploy,
    s3_source,
    state_machine,
)

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Provider:
    """What runs, and its longest time."""

    run: Callable[[Context], Outcome]
    timeout_seconds: float


ACTIONS: Mapping[tuple[str, str], Provider] = {
    ("Source", "S3"): Provider(s3_source.run, HOUR),
    ("Source", "CodeStarSourceConnection"): Provider(connection_source.run, HOUR),
    ("Approval", "Manual"): Provider(approval.run, 7 * DAY),
    ("Build", "CodeBuild"): Provider(build.run, 36 * HOUR),
    ("Test", "CodeBuild"): Provider(build.run, 36 * HOUR),
    ("Deploy", "CloudFormation"): Provider(cloudformation.run, 3 * DAY),
    ("Deploy", "S3"): Provider(s3_deploy.run, HOUR),
    ("Invoke", "Lambda"): Provider(function.run, HOUR),
    ("Invoke", "StepFunctions"): Provider(state_machine.run, 7 * DAY),
}
RULES: Mapping[str, Provider] = {
    "CloudWatchAlarm": Provider(conditions.alarm, 14 * DAY),
    "LambdaInvoke": Provider(function.run, HOUR),
    "VariableCheck": Provider(conditions.variable, HOUR),
}
