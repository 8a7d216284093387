"""`tidegate ai`: ask the AI services, send them files, see what became of them.

`tidegate ai SERVICE` is a command for each service of the project file: any name that is none of
the commands below is taken for one.
"""

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli.exits import CommandError, Exit, InterruptedCommandError, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say

if TYPE_CHECKING:
    from typer._click.core import Command, Context

    from cli.services import Service

SEND, RESULT = "send", "result"
_PAUSE = threading.Event()
_ASK_AGAIN_SECONDS = 1.0


class _Services(TyperGroup):
    """A group whose unknown commands are services."""

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        """The command of that name, or the one of a service."""
        found = super().get_command(ctx, cmd_name)
        if found is not None or cmd_name.startswith("-"):
            return found
        command = super().get_command(ctx, "service")
        ctx.obj = cmd_name
        return command

    def list_commands(self, ctx: "Context") -> list[str]:
        """The commands that a help page lists."""
        return [name for name in super().list_commands(ctx) if name != "service"]


app = typer.Typer(
    cls=_Services,
    no_args_is_help=True,
    help="Ask the AI services of the project, and send them files. "
    "'tidegate ai SERVICE' tells what a service does, 'tidegate ai SERVICE ROUTE FIELD=VALUE...' "
    "asks it as its HTTP route does, 'tidegate ai SERVICE send FILE' has it work on a file.",
)


@app.command("service", hidden=True)
@reported
def service(
    context: typer.Context,
    action: Annotated[
        str | None, typer.Argument(help="A route of the service, or: send, result.")
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="FIELD=VALUE of a route (@PATH reads a file); FILE; or KEY."),
    ] = None,
    *,
    prefix: Annotated[
        str | None, typer.Option("--prefix", help="Of send: which of its kinds of files it is.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency key: repeated, the same answer.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", help="Who asks: keeps the same arm of a test; hashed, not stored."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Of send: wait for what comes of it.")
    ] = True,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Ask a service of the project, or send it a file."""
    from cli.services import fields_of, service_of

    found = service_of(place(project_file=project_file, stage=stage, on=on), str(context.obj))
    given = [] if words is None else words
    if action is None:
        _tell(found, json_output=json_output)
    elif action == SEND:
        _send(found, given, prefix, wait=wait)
    elif action == RESULT:
        _result(found, given)
    else:
        route = found.route(action)
        reply = found.ask(route, fields_of(route, given, _text), key=key, user=user)
        print_json(reply.required())
        note(f"correlation id {reply.correlation}{' (answered before)' * reply.replayed}")
        if reply.prediction_id is not None:
            note(f"slot {reply.slot}, prediction id {reply.prediction_id}")


def _text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", code=Exit.USAGE) from error


def _tell(found: "Service", *, json_output: bool) -> None:
    """What the service does."""
    from tidegate.ai.typed import members

    kind = found.kind
    if json_output:
        print_json(
            {
                "service": found.name,
                "kind": kind.name,
                "routes": {route.name: route.says for route in kind.routes},
                "files": {arrival.prefix: arrival.says for arrival in kind.arrivals},
            }
        )
        return
    say(f"{found.name}: {kind.title}. {kind.job}")
    for route in kind.routes:
        fields = " ".join(f"{m.name}=..." for m in members(route.takes) if m.required)
        say(f"  tidegate ai {found.name} {route.name} {fields}".rstrip())
        say(f"      {route.says}  {route.method} {found.door.url}/ai/{found.name}/{route.below}")
    for arrival in kind.arrivals:
        ends = ", ".join(arrival.suffixes) or "any file"
        say(f"  tidegate ai {found.name} send FILE --prefix {arrival.prefix}")
        say(f"      {arrival.says} ({ends})")


def _send(found: "Service", words: list[str], prefix: str | None, *, wait: bool) -> None:
    if not words:
        raise CommandError(f"send what? tidegate ai {found.name} send FILE", code=Exit.USAGE)
    paths = [Path(word) for word in words]
    _show(sent(found, paths, prefix=prefix, wait=wait))


def sent(
    found: "Service", paths: list[Path], *, prefix: str | None = None, wait: bool = True
) -> list[dict[str, Any]]:
    """What became of files that are sent now, or their keys where nobody waits."""
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}", code=Exit.USAGE)
    going = [(path, found.arrival(path.name, prefix)) for path in paths]
    keys = [found.send(path.name, path.read_bytes(), arrival) for path, arrival in going]
    for key in keys:
        note(f"sent: {key}")
    return awaited(found, keys) if wait else [{"key": key} for key in keys]


def awaited(found: "Service", keys: list[str]) -> list[dict[str, Any]]:
    """What became of each of these, once something did."""
    return [_awaited(found, key) for key in keys]


def _show(results: list[dict[str, Any]]) -> None:
    print_json(results[0] if len(results) == 1 else results)
    if any(result.get("status") in {"refused", "dead"} for result in results):
        raise SystemExit(int(Exit.REFUSED))


def _awaited(found: "Service", key: str) -> dict[str, Any]:
    """What became of the file, once something did."""
    began = time.monotonic()
    try:
        while True:
            outcome = found.outcome(key)
            if outcome is not None:
                return outcome
            if _PAUSE.wait(_ASK_AGAIN_SECONDS):
                _PAUSE.clear()
    except KeyboardInterrupt as error:
        seconds = time.monotonic() - began
        raise InterruptedCommandError(
            f"{key} is still worked on after {seconds:.0f} s, and goes on without us: "
            f"'tidegate ai {found.name} result {key}' tells what becomes of it"
        ) from error


def _result(found: "Service", words: list[str]) -> None:
    if len(words) != 1:
        raise CommandError(f"tidegate ai {found.name} result KEY", code=Exit.USAGE)
    reply = found.ask(found.route("results"), {"key": words[0]})
    _show([reply.required()])


@app.command("openapi")
@reported
def openapi(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; standard output if absent.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,  # noqa: ARG001 - the description is JSON anyhow
) -> None:
    """Print the OpenAPI description of every route of the project's services."""
    from cli.output import write_json
    from cli.services import known_services
    from tidegate.ai.openapi import openapi as described

    where = place(project_file=project_file, stage=stage, on=on)
    document = described(f"AI services of {where.project.name}", known_services(where))
    if output is None:
        print_json(document)
    else:
        write_json(output, document)
        note(f"written: {output}")


@app.command("dead-letters")
@reported
def dead_letters(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """List what came to nothing, after all tries, of all services of the stage."""
    from cli.deadletters import dead_letters as letters_of

    letters = letters_of(place(project_file=project_file, stage=stage, on=on)).letters()
    if json_output:
        print_json([letter.to_json() for letter in letters])
        return
    for letter in letters:
        say(f"{letter.id}  {letter.origin}  {letter.about}")
    say(f"{len(letters)} dead letters" + (": 'tidegate ai redrive' tries again" * bool(letters)))


@app.command("redrive")
@reported
def redrive(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Send every dead letter of the stage back to its service, for another try."""
    from cli.deadletters import dead_letters as letters_of

    letters = letters_of(place(project_file=project_file, stage=stage, on=on))
    waiting = letters.waiting()
    if waiting:
        letters.redrive()
    if json_output:
        print_json({"sent_back": waiting})
        return
    say(f"{waiting} dead letters go back" if waiting else "there are no dead letters")
