"""cdk-nag over the app: what it finds and is not acknowledged fails the synth."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks.checks.acknowledged import acknowledged, by_construct
from stacks.checks.acknowledged_pipelines import of_pipeline
from stacks.checks.rows import Acknowledged
from stacks.components.blueprint import INCLUDED
from stacks.project.spec import ProjectSpec, StageSpec


def add_nag(app: App, project: ProjectSpec, stage: StageSpec) -> None:
    """The app's next synth runs AwsSolutions; what stays is acknowledged with its reason.

    cdk-nag 3 is a validation plugin, not an aspect.
    """
    _check(app, acknowledged(project, stage))


def add_pipeline_nag(app: App, project: ProjectSpec) -> None:
    """The same for the stack of the project's pipeline, if it has one."""
    if project.pipeline is not None:
        _check(app, of_pipeline(project.name, project.pipeline))


def _check(app: App, kept: Iterable[Acknowledged]) -> None:
    for (stack, construct), rows in by_construct(kept).items():
        included = app.node.find_child(stack).node.find_child(INCLUDED)
        found = included.node.find_child(construct)
        rules = [Acknowledgment(id=row.rule, reason=row.reason) for row in rows]
        Validations.of(found).acknowledge(*rules)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a validator found on one construct, in the words of the report that CDK writes."""

    construct: str
    rule: str
    description: str

    def __str__(self) -> str:
        return f"{self.construct}: {self.rule}: {self.description}"


def findings(assembly: Path) -> Iterator[Finding]:
    """Every finding of the validators of the last synth into this folder."""
    report = json.loads((assembly / "validation-report.json").read_text(encoding="utf-8"))
    for plugin in report["pluginReports"]:
        for violation in plugin.get("violations", ()):
            for construct in violation["violatingConstructs"]:
                yield Finding(
                    construct=construct["constructPath"],
                    rule=f"{plugin['pluginName']}::{violation['ruleName']}",
                    description=violation["description"],
                )
