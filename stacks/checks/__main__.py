"""`python -m stacks.checks [PROJECT_FILE]`: every offline check of the templates of every stage.

CDK's own validation, cdk-nag, cfn-lint with warnings as errors, and our own rules.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_cdk import App
from cfnlint.api import ManualArgs, lint_file

from stacks.application import Deployment, add_stacks
from stacks.checks.assembly_rules import assembly_faults
from stacks.checks.nag import add_nag, add_pipeline_nag, findings
from stacks.checks.template_rules import template_faults
from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.pipelines import PIPELINE_STAGE
from stacks.project.spec import ProjectSpec


def main(project_file: Path) -> int:
    """Zero when nothing was found; what was found is on standard error."""
    try:
        project = load_project(project_file)
    except ProjectFaultsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    places = (*project.stages, *(() if project.pipeline is None else (PIPELINE_STAGE,)))
    faults = [fault for stage in places for fault in _stage_faults(project, stage)]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def _stage_faults(project: ProjectSpec, stage: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder)
        add_stacks(app, Deployment(project=project, stage=stage, folder=Path(folder)))
        if stage in project.stages:
            add_nag(app, project, project.stages[stage])
        else:
            add_pipeline_nag(app, project)
        try:
            app.synth()
        except RuntimeError:
            found = [str(finding) for finding in findings(Path(folder))]
            if not found:
                raise
            yield from found
        templates = {}
        for path in sorted(Path(folder).glob("*.template.json")):
            template = json.loads(path.read_text(encoding="utf-8"))
            templates[path.name.removesuffix(".template.json")] = template
            yield from _template_faults(path, template, region=_region(project, stage))
        yield from assembly_faults(templates)


def _region(project: ProjectSpec, stage: str) -> str:
    if stage in project.stages or project.pipeline is None:
        return project.stages[stage].region
    return project.pipeline.home.region


def _template_faults(path: Path, template: dict[str, Any], *, region: str) -> Iterator[str]:
    for match in lint_file(path, ManualArgs(regions=[region])):
        yield f"{path.name}: {match.rule.id} {match.message} ({'/'.join(map(str, match.path))})"
    for fault in template_faults(template):
        yield f"{path.name}: {fault}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "tidegate.yaml")))
