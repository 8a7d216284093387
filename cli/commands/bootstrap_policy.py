"""`tidegate bootstrap-policy`: what CloudFormation may do, so that it needs no administrator."""

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import note, print_json, say, write_json


@reported
def bootstrap_policy(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    output: Annotated[
        Path | None,
        typer.Option(help="Write each document into this folder, instead of printing them."),
    ] = None,
    account: Annotated[
        str, typer.Option(help="The account, 12 digits; any if absent.", metavar="ID")
    ] = "*",
    boundary: Annotated[
        str | None,
        typer.Option(
            help="Roles may be made only with this managed policy as permissions boundary.",
            metavar="ARN",
        ),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Print policies for 'cdk bootstrap --cloudformation-execution-policies', instead of *.

    They let CloudFormation provision the resource types of the stage's templates, under the
    stage's names, in its region. More than one where IAM's length limit needs it. No cloud is
    asked.
    """
    from cli.bootstrapping.generate import policies
    from cli.bootstrapping.policy import MOST_POLICIES, Scope, length_of
    from cli.exits import CommandError, Exit
    from cli.project import read_project

    if account != "*" and not (account.isdigit() and len(account) == 12):
        raise CommandError(f"--account is 12 digits, got {account!r}", code=Exit.USAGE)
    project = read_project(project_file)
    name = project.stage(stage)
    scope = Scope(
        project=project.name,
        stage=name,
        region=project.regions[name],
        account=account,
        boundary=boundary,
    )
    documents = policies(project, scope)
    if len(documents) > MOST_POLICIES:
        raise CommandError(
            f"the stage needs {len(documents)} policies, a role takes {MOST_POLICIES}: "
            "spread its models over two projects",
            code=Exit.REFUSED,
        )
    named = {f"{scope.named}deploy-{n}": d for n, d in enumerate(documents, start=1)}
    if output is not None:
        for title, document in named.items():
            write_json(output / f"{title}.json", document)
            note(f"{output / title}.json: {length_of(document)} characters")
    if json_output or output is None:
        print_json(named if json_output or len(named) > 1 else documents[0])
        return
    say("\n".join(f"{output / title}.json" for title in named))
