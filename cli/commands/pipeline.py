"""`tidegate pipeline ...`: what a project's pipeline does, and the decisions that it waits for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.review import review
from cli.exits import CommandError, Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    Place,
    ProjectFileOption,
    RoleOption,
    place,
)
from cli.output import CONSOLE, note, print_json, print_json_line, say, write_json

if TYPE_CHECKING:
    from cli.pipelines import ActionView, Pipeline, PipelineView, StageView
    from cli.review.findings import Finding

app = typer.Typer(
    no_args_is_help=True, help="See a pipeline, start it, decide what it waits for, retry it."
)

app.command()(review)

WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the pipeline's history.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def _home(project_file: Path, on: On) -> Place:
    """The place of the pipeline itself."""
    from cli.project import PIPELINE_STAGE

    return place(project_file=project_file, stage=PIPELINE_STAGE, on=on)


def _pipeline(where: Place) -> "Pipeline":
    from cli.pipelines import Pipeline

    name = where.project.delivering().name
    return Pipeline(client=where.target.client("codepipeline"), name=name)


@app.command()
@reported
def deploy(
    *,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Deploy the pipeline itself. Its stages are deployed by 'tidegate deploy', then by it."""
    from cli.commands.deploy import ASSEMBLY
    from cli.progress import progress

    where = _home(project_file, on)
    note(f"{where.project.delivering().name} on {where.target.name}")
    with progress() as shown:
        done = where.deploy(assembly=ASSEMBLY, progress=shown)
    if json_output:
        print_json({"stacks": {s.name: {"change": s.change, "seconds": s.seconds} for s in done}})
        return
    for stack in done:
        took = "" if stack.seconds is None else f", {stack.seconds:.1f} s"
        say(f"{stack.name}: {stack.change}{took}")


@app.command()
@reported
def start(
    *,
    upload: Annotated[
        Path | None,
        typer.Option("--upload", help="Upload this folder as the source; the upload starts it."),
    ] = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Send a change through the pipeline: the newest source, or a folder that is uploaded."""
    where = _home(project_file, on)
    pipeline = _pipeline(where)
    if upload is None:
        execution = pipeline.start()
        if json_output:
            print_json({"pipeline": pipeline.name, "execution": execution})
        else:
            say(f"{pipeline.name}: execution {execution} started")
        return
    key = _upload(where, upload)
    if json_output:
        print_json({"pipeline": pipeline.name, "uploaded": key})
    else:
        say(f"{upload} uploaded as {key}: {pipeline.name} starts by itself")


def _upload(where: Place, folder: Path) -> str:
    from cli.deployed import stack_outputs
    from cli.sources import source_archive

    name = where.project.delivering().name
    outputs = stack_outputs(where.target, name)
    if outputs is None or "SourceBucketName" not in outputs:
        raise CommandError(
            f"{name} takes no uploads: it is not deployed, or its source is a repository, to "
            "which you push",
            code=Exit.REFUSED,
        )
    bucket, key = outputs["SourceBucketName"], outputs["SourceKey"]
    body = source_archive(folder)
    where.target.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return f"s3://{bucket}/{key}"


@app.command()
@reported
def status(
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Watch it until it ends, or waits for somebody.")
    ] = False,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show stages and actions. The exit code says how the newest execution stands.

    0 on its way or through, 1 failed, 6 waiting for an approval. What its review found is told by
    number, the worst with file and line.
    """
    from cli.review.reported import reported as findings_reported

    where = _home(project_file, on)
    view = _watched(where, json_output=json_output) if watch else _pipeline(where).view()
    findings = findings_reported(where.target.client, view)
    _show(view, findings, json_output=json_output)
    raise SystemExit(int(view.code))


def _watched(where: Place, *, json_output: bool) -> "PipelineView":
    import time

    from cli.pipelinewords import one_line

    pipeline, before = _pipeline(where), ""
    while True:
        view = pipeline.view()
        line = one_line(view)
        if line != before and not view.resting:
            print_json_line(view.to_json()) if json_output else say(line)
        if view.resting:
            return view
        before = line
        time.sleep(where.target.refresh_seconds)


def _show(
    view: "PipelineView", findings: "tuple[Finding, ...] | None", *, json_output: bool
) -> None:
    from cli.pipelinewords import stages_table, what_next
    from cli.review.words import told

    if json_output:
        listed = None if findings is None else [finding.to_json() for finding in findings]
        print_json_line({**view.to_json(), "findings": listed})
        return
    CONSOLE.print(stages_table(view))
    for line in () if findings is None else told(findings):
        say(line)
    for line in what_next(view):
        say(line)


@app.command()
@reported
def approve(
    *,
    why: WhyOption = "",
    yes: YesOption = False,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the evidence of the approval that waits, ask, and let the change into production."""
    pipeline, stage, action = _waiting(project_file, on)
    evidence = pipeline.evidence(stage.execution, action.name)
    if not json_output:
        say(evidence or "this approval was asked without evidence")
    if not yes and (json_output or not typer.confirm("Into production?")):
        raise CommandError("not approved: it still waits ('--yes' does not ask)", code=Exit.REFUSED)
    _decide(pipeline, stage, action, status="Approved", why=why)
    if json_output:
        print_json({"execution": stage.execution, "status": "Approved", "evidence": evidence})
    else:
        say(f"approved: execution {stage.execution} goes on")


@app.command()
@reported
def reject(
    *,
    why: WhyOption = "",
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Reject the approval that waits: production keeps what it has."""
    pipeline, stage, action = _waiting(project_file, on)
    _decide(pipeline, stage, action, status="Rejected", why=why)
    if json_output:
        print_json({"execution": stage.execution, "status": "Rejected"})
    else:
        say(f"rejected: execution {stage.execution} ends, production keeps what it has")


def _waiting(project_file: Path, on: On) -> "tuple[Pipeline, StageView, ActionView]":
    pipeline = _pipeline(_home(project_file, on))
    view = pipeline.view()
    if view.waiting is None:
        raise CommandError(
            f"nothing in {pipeline.name} waits for a decision: it is {view.status}",
            code=Exit.REFUSED,
        )
    return pipeline, *view.waiting


def _decide(
    pipeline: "Pipeline", stage: "StageView", action: "ActionView", *, status: str, why: str
) -> None:
    from cli.verbs import operator

    pipeline.decide(stage, action, status=status, why=f"{operator()}: {why or 'no reason given'}")


@app.command()
@reported
def retry(
    *,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Run the failed actions of the last stage that failed again, in the same execution.

    A release that goes on is found again; one that was aborted is started anew.
    """
    pipeline = _pipeline(_home(project_file, on))
    failed = pipeline.view().failed
    if failed is None:
        raise CommandError(f"no stage of {pipeline.name} has failed", code=Exit.REFUSED)
    execution = pipeline.retry(failed)
    if json_output:
        print_json({"stage": failed.name, "execution": execution})
    else:
        say(f"{failed.name} runs again in execution {execution}")


@app.command()
@reported
def evidence(
    *,
    output: Annotated[
        Path, typer.Option("--output", help="The folder that it is written to.")
    ] = Path("build/evidence"),
    role: RoleOption = None,
    next_role: Annotated[
        str | None, typer.Option("--next-role", help="ARN of a role to read production under.")
    ] = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Gather what an approver should know: verdicts in staging, drift, cost, template changes."""
    from cli.gathering import gather

    home = place(project_file=project_file, stage=None, on=on).project.delivering()
    if home.staging is None or home.production is None:
        raise CommandError("the pipeline names no staging and production", code=Exit.REFUSED)
    staging = place(project_file=project_file, stage=home.staging, on=on).under(role)
    production = place(project_file=project_file, stage=home.production, on=on).under(next_role)
    found = gather(staging, production)
    output.mkdir(parents=True, exist_ok=True)
    (output / "summary.txt").write_text(found.summary(), encoding="utf-8")
    (output / "evidence.md").write_text(found.page(), encoding="utf-8")
    write_json(output / "evidence.json", found.to_json())
    if json_output:
        print_json(found.to_json())
    else:
        say(found.page())
