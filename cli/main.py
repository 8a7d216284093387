"""The `tidegate` command and its subcommands."""

import typer

from cli.commands.cloud import down, up
from cli.commands.demo import demo
from cli.commands.deploy import deploy
from cli.commands.drill import drill
from cli.commands.invoke import invoke, outcome
from cli.commands.release import app as release_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Release machine-learning models on AWS, or on an embedded cloud on this machine. "
    "Exit codes: 0 done or promoted, 1 failed, 2 wrong usage, 3 refused, 4 rolled back, "
    "5 aborted, 6 paused or halted, 7 no cloud reached.",
)
app.command()(up)
app.command()(down)
app.command()(deploy)
app.command()(invoke)
app.command()(outcome)
app.command()(drill)
app.command()(demo)
app.add_typer(release_app, name="release")


def run() -> None:
    """The entry point of the installed command."""
    app()
