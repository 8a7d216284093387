"""cdk-nag over the app: what it finds and is not acknowledged fails the synth."""

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks.checks.acknowledged import acknowledged, by_construct
from stacks.project.spec import ProjectSpec, StageSpec


def add_nag(app: App, project: ProjectSpec, stage: StageSpec) -> None:
    """The app's next synth runs AwsSolutions; what stays is acknowledged with its reason.

    cdk-nag 3 is a validation plugin, not an aspect.
    """
    for (stack, construct), rows in by_construct(acknowledged(project, stage)).items():
        found = app.node.find_child(stack).node.find_child(construct)
        rules = [Acknowledgment(id=row.rule, reason=row.reason) for row in rows]
        Validations.of(found).acknowledge(*rules)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
