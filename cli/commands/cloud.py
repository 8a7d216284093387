"""`tidegate up` and `tidegate down`: the embedded cloud of this folder."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exits import CommandError, Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import ERRORS, note, print_json, say

if TYPE_CHECKING:
    from emulator.server import EmbeddedCloud

DEFAULT_TIME_SCALE = 60.0


@reported
def up(
    *,
    time_scale: Annotated[
        float | None,
        typer.Option(
            help="Seconds of the cloud in one second of the wall; 60 if absent.",
            min=1,
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1; a free one if absent.", min=0, max=65535)
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="The cloud's region; that of the stage if absent.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Start an embedded cloud that runs until `tidegate down`, or name the one that runs.

    It has every account that the project file names.
    """
    from cli.target import running_cloud

    site = _site(project_file, stage, region)
    cloud = running_cloud()
    started = cloud is None
    if cloud is None:
        cloud = _start(site, time_scale=time_scale, port=port)
    else:
        _refuse_another(cloud, site, time_scale=time_scale, port=port)
    environment = {**cloud.environment(), **cloud.clock.environment()}
    if json_output:
        print_json({**_figures(cloud), "started": started, "environment": environment})
        return
    how = f"up in {cloud.start_seconds:.1f} s" if started else "was up already"
    say(f"embedded cloud {how} at {cloud.endpoint_url}, {cloud.region}, IAM enforced")
    if len(cloud.administrators) > 1:
        say(f"its accounts are {', '.join(cloud.administrators)}; a stage is deployed to its own")
    say(f"1 s here is {cloud.clock.scale:g} s of its clock; 'tidegate down' ends it")
    say("tidegate finds it in this folder; other AWS tools reach it with:")
    for name, value in environment.items():
        say(f"  export {name}={value}")
    say("its hosts and load balancers are reached with:")
    for line in _front_door_lines(cloud):
        say(f"  {line}")


def _figures(cloud: "EmbeddedCloud") -> dict[str, Any]:
    return {
        "pid": cloud.pid,
        "region": cloud.region,
        "accounts": list(cloud.administrators),
        "time_scale": cloud.clock.scale,
        "dns_port": cloud.dns_port,
        "certificate_authority": str(cloud.certificate_authority),
        "low_port_offset": cloud.low_port_offset,
    }


def _front_door_lines(cloud: "EmbeddedCloud") -> tuple[str, ...]:
    """How to ask its DNS, and a load balancer by the answer (embedded-front-door.md)."""
    dig, port = f"dig @127.0.0.1 -p {cloud.dns_port} +short HOST A", 443 + cloud.low_port_offset
    shown = "" if cloud.low_port_offset == 0 else f":{port}"
    resolve = f'--resolve HOST:{port}:"$({dig})"'
    return dig, f"curl --cacert {cloud.certificate_authority} {resolve} https://HOST{shown}/"


@reported
def down(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; what is in the cloud goes for good.")
    ] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Stop although a release or a batch run is open.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Stop the embedded cloud of this folder, and everything that runs in it.

    Refused while a release or a batch run is open. What stacks keep goes too: it is listed, and
    asked for first.
    """
    from cli.target import STATE_DIRECTORY, running_cloud
    from emulator.server import EmbeddedCloud

    cloud = running_cloud()
    kept = () if cloud is None else _kept(cloud, abandon=abandon, yes=yes)
    stopped = EmbeddedCloud.stop_detached(STATE_DIRECTORY)
    if json_output:
        print_json({"stopped": stopped, "removed": list(kept)})
        return
    for item in kept:
        say(f"removed {item}")
    say("stopped, with everything in it" if stopped else "no embedded cloud was running here")


def _kept(cloud: "EmbeddedCloud", *, abandon: bool, yes: bool) -> tuple[str, ...]:
    """What goes although its stack would keep it, agreed to; CommandError where it may not go."""
    from botocore.exceptions import BotoCoreError, ClientError

    from cli.ending import held
    from cli.target import embedded_target

    try:
        found = held(embedded_target(cloud, account) for account in cloud.administrators)
    except (BotoCoreError, ClientError) as error:
        # A cloud that does not answer must end all the more.
        note(f"what is in the cloud could not be listed: {error}")
        return ()
    if found.open and not abandon:
        raise CommandError(
            f"{'; '.join(map(str, found.open))} is open: wait, or end a release by "
            "'tidegate release abort'; '--abandon' stops the cloud all the same",
            code=Exit.REFUSED,
        )
    if found.kept and not yes:
        _agree(found.kept)
    return found.kept


def _agree(kept: tuple[str, ...]) -> None:
    for item in kept:
        note(f"kept by its stack: {item}")
    asked = f"{len(kept)} things that stacks keep go with the cloud for good"
    if not sys.stdin.isatty():
        raise CommandError(f"{asked}: say --yes to agree", code=Exit.REFUSED)
    if not typer.confirm(f"{asked}. Go on?", err=True):
        raise CommandError("nothing was stopped", code=Exit.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """Where a project's stages are: what an embedded cloud must be to take their templates."""

    region: str
    accounts: tuple[str, ...] = ()


def _start(site: _Site, *, time_scale: float | None, port: int | None) -> "EmbeddedCloud":
    from cli.target import STATE_DIRECTORY
    from emulator.server import EmbeddedCloud
    from emulator.settings import DEFAULT_ACCOUNT, Settings

    own, *others = site.accounts or (DEFAULT_ACCOUNT,)
    try:
        settings = Settings(
            port=0 if port is None else port,
            region=site.region,
            account=own,
            other_accounts=tuple(others),
            time_scale=DEFAULT_TIME_SCALE if time_scale is None else time_scale,
            state_directory=STATE_DIRECTORY.resolve(),
        )
    except ValueError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    if not ERRORS.is_terminal:
        return EmbeddedCloud.start_detached(settings)
    with ERRORS.status("starting an embedded cloud"):
        return EmbeddedCloud.start_detached(settings)


def _refuse_another(
    cloud: "EmbeddedCloud", site: _Site, *, time_scale: float | None, port: int | None
) -> None:
    """A cloud runs: one with other settings needs its end first, since models serve in it."""
    here = int(cloud.endpoint_url.rpartition(":")[2].strip("/"))
    differences = [
        f"{name} {there}, asked for {wanted}"
        for name, there, wanted in (
            ("region", cloud.region, site.region),
            ("time scale", cloud.clock.scale, time_scale),
            ("port", here, port),
        )
        if wanted not in (None, "", 0, there)
    ]
    missing = [account for account in site.accounts if account not in cloud.administrators]
    if missing:
        here_are = ", ".join(cloud.administrators)
        differences.append(f"accounts {here_are}, asked for {', '.join(missing)} too")
    if differences:
        raise CommandError(
            f"an embedded cloud already runs here with {'; '.join(differences)}: "
            "run 'tidegate down' first",
            code=Exit.REFUSED,
        )


def _site(project_file: Path, stage: str | None, region: str | None) -> _Site:
    """Region and accounts of the project file, so that its templates deploy unchanged.

    A region that was asked for goes before that of the stage.
    """
    from cli.project import read_project
    from emulator.settings import DEFAULT_REGION

    if stage is None and project_file == DEFAULT_PROJECT_FILE and not project_file.exists():
        if region is None:
            note(f"no {project_file} here: the cloud is in {DEFAULT_REGION}")
        return _Site(region=DEFAULT_REGION if region is None else region)
    project = read_project(project_file)
    named = project.region(project.stage(stage)) if region is None else region
    return _Site(region=named or DEFAULT_REGION, accounts=project.all_accounts)
