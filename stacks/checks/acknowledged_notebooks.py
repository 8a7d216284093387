"""Findings of cdk-nag that stay in the stack of notebook instances."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.arns import Arns
from stacks.components.isolated_network import VPC
from stacks.components.notebook import LOG_GROUP, NotebookProps
from stacks.project.names import notebooks_stack_name
from stacks.project.notebook_shape import Internet
from stacks.project.notebook_spec import NotebookSpec
from stacks.project.spec import ProjectSpec, StageSpec


def of_notebooks(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, of each notebook."""
    stack = notebooks_stack_name(project.name, stage.name)
    for spec in project.notebooks.values():
        yield from _notebook(stack, project.name, stage, spec)
    if any(spec.isolated for spec in project.notebooks.values()):
        yield finding(
            stack,
            VPC,
            "VPC7",
            "nothing leaves this network but to S3 and SageMaker, whose calls are in CloudTrail",
        )


def _notebook(
    stack: str, project: str, stage: StageSpec, spec: NotebookSpec
) -> Iterator[Acknowledged]:
    props = NotebookProps(
        project=project, arns=Arns(stage=stage), spec=spec, endpoints={}, files={}
    )
    streams = f"log-group:{LOG_GROUP}:log-stream:{props.name}/*"
    why = "log streams of this notebook, in the group that all notebooks share"
    yield wildcard(stack, props.role_id, arn(stage, "logs", streams), why)
    if spec.internet is Internet.DIRECT:
        for rule in ("SM1", "SM3"):
            words = "the project file asks for direct internet: exploring needs packages and data"
            yield finding(stack, f"{props.id}Notebook", rule, words)
