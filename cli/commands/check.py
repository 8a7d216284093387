"""`tidegate check`: what AWS would refuse at deploy, or regret afterwards, is found before."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import print_json, say


@reported
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Cloud assemblies or templates. Left out: the project file's stages, or cdk.out."
        ),
    ] = None,
    *,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            help="Where templates go that say no region; may be repeated. Left out: every region "
            "that has SageMaker.",
        ),
    ] = None,
    code: Annotated[
        list[Path] | None,
        typer.Option(
            "--code", help="Python files or folders whose calls of boto3 are checked; repeatable."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="What is deployed: an earlier assembly or template."),
    ] = None,
    wildcards: Annotated[
        bool, typer.Option("--wildcards", help="Print what roles may do on more than one resource.")
    ] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules of our own.")] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Check templates before they are deployed: our rules, cfn-lint and cdk-nag, all at once.

    Exits with 0 when nothing was found that counts, 1 when something was, 2 where there is no
    template. No cloud is asked.
    """
    from cli.gating import Request, checked
    from cli.gating_words import report_lines, rule_lines, rules_json

    if rules:
        print_json(rules_json()) if json_output else _say(rule_lines())
        return
    report = checked(
        Request(
            paths=tuple(paths or ()),
            regions=tuple(region or ()),
            code=tuple(code or ()),
            against=against,
            stage=stage,
            project_file=project_file,
        )
    )
    shown = report_lines(report, wildcards=wildcards)
    print_json(report.to_json()) if json_output else _say(shown)
    if report.open:
        raise SystemExit(int(Exit.FAILED))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)
