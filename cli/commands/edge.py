"""`tidegate edge ...`: rings and devices of edge fleets; releases are started as any other."""

from pathlib import Path
from typing import Annotated

import typer

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
from cli.output import CONSOLE, print_json, say, warn

app = typer.Typer(
    no_args_is_help=True,
    help="Rings and devices of edge fleets. A new version goes to them by 'tidegate release start "
    "FLEET', and is watched, aborted and reported as any other.",
)

FleetArgument = Annotated[str, typer.Argument(help="The fleet, as section edge names it.")]


@app.command()
@reported
def status(
    fleet: FleetArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the rings: what each was told to run, and how many of its devices do."""
    from cli.edge.fleets import fleet_of
    from cli.edge.words import remarks, rings_table

    rings = fleet_of(place(project_file=project_file, stage=stage, on=on), fleet).standing()
    if json_output:
        print_json({"fleet": fleet, "rings": [ring.to_json() for ring in rings]})
        return
    CONSOLE.print(rings_table(rings))
    for remark in remarks(rings):
        warn(remark)


@app.command()
@reported
def devices(
    fleet: FleetArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """List the devices: ring, version, state, and what became of the newest deployment on each."""
    from cli.edge.fleets import fleet_of
    from cli.edge.words import devices_table

    rings = fleet_of(place(project_file=project_file, stage=stage, on=on), fleet).standing()
    if json_output:
        print_json({"devices": [one.to_json() for ring in rings for one in ring.devices]})
        return
    CONSOLE.print(devices_table(rings))


@app.command()
@reported
def enrol(
    fleet: FleetArgument,
    things: Annotated[list[str] | None, typer.Argument(help="Names of things.")] = None,
    *,
    count: Annotated[
        int, typer.Option("--count", min=0, max=10_000, help="Enrol so many, with numbered names.")
    ] = 0,
    ring: Annotated[
        int | None,
        typer.Option("--ring", help="Put them into this ring; by share and hash if absent."),
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Put devices into rings, and say how a real one becomes a core device.

    Rings are filled by their shares, rounded up, so that the first one is never empty. Who is in a
    ring stays there, whatever is enrolled later.
    """
    from cli.edge.enrolling import enrol as enrol_things
    from cli.edge.enrolling import numbered
    from cli.edge.fleets import fleet_of
    from cli.edge.words import provisioning
    from cli.exits import CommandError
    from tidegate.edge.names import ring_group

    where = place(project_file=project_file, stage=stage, on=on)
    deployed = fleet_of(where, fleet)
    wanted = [*(things or []), *numbered(deployed, count)]
    if not wanted:
        raise CommandError("name things, or say --count", code=Exit.USAGE)
    chosen = enrol_things(deployed, wanted, ring=ring)
    if json_output:
        print_json({"enrolled": [{"thing": t, "ring": r} for t, r in chosen.items()]})
        return
    for number in sorted(set(chosen.values())):
        names = [thing for thing, at in chosen.items() if at == number]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        say(f"ring {number}: {shown}")
    if not where.target.embedded:
        thing, number = next(iter(chosen.items()))
        say("on a device, with Greengrass's installer unpacked:")
        say(provisioning(deployed, thing, ring_group(deployed.place, number)))


@app.command()
@reported
def simulate(
    fleet: FleetArgument,
    *,
    rows: Annotated[
        Path, typer.Option("--rows", help="Requests to ask: a JSON list of rows a line.")
    ],
    processes: Annotated[
        int,
        typer.Option("--processes", min=0, help="Devices that run the component as a process."),
    ] = 2,
    requests_per_minute: Annotated[
        float,
        typer.Option("--requests-per-minute", min=0.0, help="What each device is asked."),
    ] = 30.0,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", help="End after so many of the cloud's; on Ctrl-C if absent."),
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Run all enrolled devices on this machine, against an embedded cloud, until Ctrl-C.

    They install what their rings are told, verify it, run it, ask it and report what it did. Those
    that are no processes run the component's code in this one.
    """
    from cli.edge.fleets import fleet_of
    from cli.edge.simulating import Load, rows_in, simulated
    from cli.exits import CommandError

    deployed = fleet_of(place(project_file=project_file, stage=stage, on=on), fleet)
    load = Load(rows=rows_in(rows), requests_per_minute=requests_per_minute)
    things = [t for n in range(1, len(deployed.ends) + 1) for t in deployed.things(n)]
    if not things:
        raise CommandError(
            f"no device is enrolled: 'tidegate edge enrol {fleet} --count 40'", code=Exit.REFUSED
        )
    now = deployed.deployed.target.clock.now()
    with simulated(deployed, things, load, processes=processes) as simulation:
        with_processes = min(processes, len(things))
        if json_output:
            print_json({"devices": len(things), "processes": with_processes})
        else:
            say(f"{len(things)} devices, {with_processes} with processes: Ctrl-C ends them")
        simulation.run(until=None if minutes is None else now + 60 * minutes)


@app.command()
@reported
def switch(
    fleet: FleetArgument,
    thing: Annotated[str, typer.Argument(help="A simulated device.")],
    *,
    off: Annotated[bool, typer.Option("--off/--on-again", help="Off, or on again.")] = True,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Switch a simulated device off, or on again: what it missed it gets then."""
    from cli.edge.fleets import fleet_of
    from cli.edge.simulating import switch as switch_device

    deployed = fleet_of(place(project_file=project_file, stage=stage, on=on), fleet)
    switch_device(deployed, thing, off=off)
    if json_output:
        print_json({"thing": thing, "off": off})
    else:
        say(f"{thing} is {'off' if off else 'on'} from its next turn on")
