"""`tidegate preflight`: what the account lacks for the first deploy."""

from cli.exits import Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import print_json, say


@reported
def preflight(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Check the account and region before the first deploy. It reads and changes nothing.

    Exits with 1 where something is missing; what could not be looked at is said and does not count.
    """
    from cli.preflight.run import preflight as run

    found = run(place(project_file=project_file, stage=stage, on=on))
    if json_output:
        print_json(found.to_json())
    else:
        say(f"preflight on {found.cloud}")
        for result in found.results:
            say(f"{result.outcome.value:11} {result.check}: {result.about}: {result.said}")
            for more in (result.why, result.advice):
                if more:
                    say(f"{'':11}   {more}")
        say("ready for a deploy" if found.ready else "not ready: see what failed above")
    if not found.ready:
        raise SystemExit(int(Exit.FAILED))
