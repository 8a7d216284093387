"""Users of the example's model, by themselves: `python -m cli.demo.crowd`.

For the tutorial and for trying things out: they ask about real flights through the front door of
what is deployed, until the time is up or Ctrl-C, and tell the truth of each answer a little later.
"""

import threading
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.demo.project import MODEL
from cli.exits import reported
from cli.options import DEFAULT_PROJECT_FILE, On, place
from cli.output import say
from cli.users import Ledger, Load, Question, Users


def questions() -> list[Question]:
    """Held-out flights as questions, each with its truth."""
    from examples.flights.traffic import (  # noqa: PLC0415 - reads the data set
        held_out,
        is_wrong,
        payload,
    )

    return [Question(body=payload(row), is_wrong=partial(is_wrong, row=row)) for row in held_out()]


@reported
def crowd(
    *,
    seconds: Annotated[float, typer.Option(help="How long they ask, by the wall's clock.")] = 120.0,
    users: Annotated[int, typer.Option(help="How many ask at once.", min=1, max=200)] = 12,
    project_file: Annotated[
        Path, typer.Option("--project-file", help="The project file.")
    ] = DEFAULT_PROJECT_FILE,
    on: Annotated[On, typer.Option("--on", help="The cloud to work on.")] = On.AUTO,
) -> None:
    """Ask about real flights until the time is up."""
    door = place(project_file=project_file, stage=None, on=on).front_door()
    asking = Users(door, questions(), Load(model=MODEL, users=users))
    asking.start()
    try:
        say(f"{users} users ask about real flights for {seconds:g} s, Ctrl-C ends it")
        threading.Event().wait(seconds)
    finally:
        asking.stop()
        say(told(asking.ledger))


def told(ledger: Ledger) -> str:
    """What the users saw, in one line."""
    answered = sum(ledger.answered.values())
    failed = sum(ledger.failed.values())
    return (
        f"{ledger.requests:,} requests: {answered:,} answered, {failed:,} failed, "
        f"{ledger.unanswered:,} without any answer; {ledger.outcomes[202]:,} outcomes credited"
    )


if __name__ == "__main__":
    typer.run(crowd)
