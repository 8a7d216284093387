"""`tidegate privileges`: what every role of a stage may do, and what proves that it must."""

from cli.exits import Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import print_json, say, warn


@reported
def privileges(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Print every right of every role in the stage's templates, each with its proof.

    A right is proven by a story that fails without it, or required by AWS, with the source. The
    exit code is 1 if one is neither. No cloud is asked.
    """
    from cli.privileges.page import role_lines
    from cli.privileges.proofs import kept
    from cli.privileges.rights import roles_of, union
    from cli.privileges.table import counted, tables, without_proof
    from cli.project import read_project
    from cli.synthesized import templates

    project = read_project(project_file)
    name = project.stage(stage)
    found = templates(project, name)
    rows = tables(union(r for t in found.values() for r in roles_of(t)), kept())
    if json_output:
        print_json({"roles": [row.to_json() for row in rows], "rights": counted(rows)})
    else:
        for row in rows:
            say("\n".join((*role_lines(row), "")))
        say(", ".join(f"{number} {verdict}" for verdict, number in counted(rows).items()))
    lacking = without_proof(rows)
    if lacking:
        warn(
            f"{len(lacking)} rights are neither proven nor required, {lacking[0].role} has the "
            f"first, {lacking[0].action}: remove them, or prove them with 'make proofs'"
        )
        raise SystemExit(int(Exit.FAILED))
