"""`tidegate init`: a new project, with a model that trains in a second."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import reported
from cli.options import JsonOption
from cli.output import print_json, say
from cli.starting import Mode, Start, project_name, start

if TYPE_CHECKING:
    from cli.plans import Price
    from tidegate.fleet import Fleet

_DEFAULT_REGION = "us-east-1"
_WINE = '{"wines": [[13.2, 1.8, 2.6, 11.2, 100, 2.8, 3.2, 0.3, 2.3, 4.4, 1.0, 4.0, 1050]]}'


@reported
def init(
    folder: Annotated[
        Path, typer.Argument(help="Where to start; made if it is not there.")
    ] = Path(),
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="The project's name; the folder's if absent.")
    ] = None,
    region: Annotated[
        str, typer.Option("--region", help="AWS region of the first stage.", show_default=True)
    ] = _DEFAULT_REGION,
    mode: Annotated[
        Mode,
        typer.Option(
            "--pipeline",
            help="How far its pipeline goes by itself: integration checks changes; delivery goes "
            "through staging up to a click, deployment into production.",
        ),
    ] = Mode.INTEGRATION,
    json_output: JsonOption = False,
) -> None:
    """Start a project: project file, example model, CDK app, tests, pipeline.

    Nothing is overwritten.

    Interrupted, it may be run again: what is there already stays.
    """
    from cli.plans import read_agreed

    name = project_name(folder, name)
    wanted = Start(folder=folder, name=name, region=region, mode=mode)
    written = start(wanted)
    agreed = read_agreed(folder / "tidegate.yaml")
    if json_output:
        price = None if agreed.price is None else agreed.price.to_json()
        files = [str(path) for path in written]
        print_json({"project": wanted.name, "files": files, "price": price})
        return
    say(f"{wanted.name}: {len(written)} files written to {folder}")
    for line in _next(folder):
        say(line)
    say(_cost(agreed.fleet, agreed.price))


def _next(folder: Path) -> list[str]:
    here = [] if folder.resolve() == Path.cwd() else [f"  cd {folder}"]
    return [
        "next:",
        *here,
        "  python model/train.py      a version of the model, in build/wine/v1",
        "  tidegate check             what AWS would refuse of the templates",
        "  tidegate up                an embedded cloud on this machine",
        "  tidegate deploy            the project, on it",
        f"  tidegate invoke wine --data '{_WINE}'",
        "  tidegate pipeline deploy   what brings a change on from its source, as the file says",
        "  tidegate preflight         what an AWS account lacks for the first deploy there",
    ]


def _cost(fleet: "Fleet", price: "Price | None") -> str:
    if fleet.standing == 0:
        return (
            "on AWS the model bills while it answers, and nothing while nobody asks; 'tidegate "
            "cost' says what else does"
        )
    what = f"on AWS {fleet.named} runs all the time, asked or not"
    if price is None:
        return f"{what}; its price here is not known: see AWS's price list"
    monthly = 730 * price.usd_per_hour
    return f"{what}: about ${monthly:,.0f} a month (${price.usd_per_hour} an hour, {price.date})"
