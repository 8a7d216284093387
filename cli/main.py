"""The `tidegate` command and its subcommands."""

from typing import Annotated

import typer

from cli.commands import overview
from cli.commands.ai import app as ai_app
from cli.commands.batch import app as batch_app
from cli.commands.bootstrap_policy import bootstrap_policy
from cli.commands.check import check
from cli.commands.cloud import down, up
from cli.commands.console import console
from cli.commands.cost import cost
from cli.commands.demo import demo
from cli.commands.deploy import deploy
from cli.commands.drill import app as drill_app
from cli.commands.edge import app as edge_app
from cli.commands.init import init
from cli.commands.invoke import answer, invoke, outcome
from cli.commands.keys import app as keys_app
from cli.commands.label import app as label_app
from cli.commands.monitor import app as monitor_app
from cli.commands.notebook import app as notebook_app
from cli.commands.outcomes import app as outcomes_app
from cli.commands.pipeline import app as pipeline_app
from cli.commands.plan import plan
from cli.commands.preflight import preflight
from cli.commands.privileges import privileges
from cli.commands.profile import profile
from cli.commands.release import app as release_app
from cli.commands.replay import replay
from cli.commands.services import services
from cli.commands.simulate import simulate
from cli.commands.train import app as train_app
from cli.commands.who import who

__all__ = ["app", "overview", "run"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Release machine-learning models on AWS, or on an embedded cloud on this machine. "
    "Exit codes: 0 done, promoted or on its way, 1 failed, 2 wrong usage, 3 refused, 4 rolled "
    "back, 5 aborted, 6 waiting for an operator, 7 no cloud reached, 130 interrupted.",
)
app.command()(init)
app.command()(up)
app.command()(down)
app.command()(preflight)
app.command()(deploy)
app.command()(check)
app.command()(cost)
app.command()(profile)
app.command()(invoke)
app.command()(answer)
app.command()(outcome)
app.command()(who)
app.command()(console)
app.command()(plan)
app.command()(privileges)
app.command("bootstrap-policy")(bootstrap_policy)
app.command()(services)
app.command()(simulate)
app.command()(replay)
app.command()(demo)
app.add_typer(release_app, name="release")
app.add_typer(pipeline_app, name="pipeline")
app.add_typer(batch_app, name="batch")
app.add_typer(train_app, name="train")
app.add_typer(notebook_app, name="notebook")
app.add_typer(label_app, name="label")
app.add_typer(drill_app, name="drill")
app.add_typer(outcomes_app, name="outcomes")
app.add_typer(monitor_app, name="monitor")
app.add_typer(ai_app, name="ai")
app.add_typer(edge_app, name="edge")
app.add_typer(keys_app, name="keys")


def _version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        from importlib.metadata import version as installed  # noqa: PLC0415 - rarely asked

        typer.echo(installed("tidegate"))
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options of the command itself."""


def run() -> None:
    """The entry point of the installed command."""
    app()
