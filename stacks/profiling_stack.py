"""The profiling group of a stage: its functions post profiles there, each under its own role."""

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.blueprint import Blueprint
from stacks.project.spec import StageSpec


class ProfilingStack(Stack):
    """A group of CodeGuru Profiler; its profiles go with it."""

    def __init__(self, scope: Construct, *, project: str, stage: StageSpec, name: str) -> None:
        super().__init__(
            scope,
            name,
            env=Environment(account=stage.account, region=stage.region),
            description=f"Profiles of functions of {project}, stage {stage.name}",
        )
        blueprint = Blueprint()
        blueprint.add(
            "Group",
            "AWS::CodeGuruProfiler::ProfilingGroup",
            {"ProfilingGroupName": name, "ComputePlatform": "AWSLambda"},
        )
        blueprint.build(self)
