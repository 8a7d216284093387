"""`tidegate services`: which services of AWS a new account gets, and what to take instead."""

from typing import Annotated

import typer

from cli.exits import reported
from cli.options import JsonOption
from cli.output import CONSOLE, print_json, say


@reported
def services(
    *,
    closed: Annotated[
        bool, typer.Option("--closed", help="Only those that a new account does not get.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Print which services are open, closed to new customers, or ended; since when; what instead.

    A dated table of what AWS's documentation says; no cloud is asked. 'tidegate check' refuses
    what is closed in templates, and tells of it in code.
    """
    from cli.service_words import services_table
    from gate.lifecycle import as_of
    from gate.lifecycle import services as known

    rows = [one for one in known() if not (closed and one.usable)]
    if json_output:
        print_json({"as_of": as_of(), "services": [one.to_json() for one in rows]})
        return
    CONSOLE.print(services_table(rows))
    say(f"As AWS's documentation had it on {as_of()}; --json names the source of each.")
