"""`tidegate console`: the web console of a deployed project."""

from typing import Annotated

import typer

from cli.exits import CommandError, Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json_line, say


@reported
def console(
    *,
    port: Annotated[
        int, typer.Option("--port", help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser", help="Open it in this machine's browser.")
    ] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Serve models and releases, with the operator's verbs, to a browser on this machine.

    Ends with Ctrl-C; releases go on without it. Its address has a token of its own.
    """
    import secrets
    import webbrowser

    from cli.console.answers import Answers
    from cli.console.batches import BatchReader
    from cli.console.reader import Reader
    from cli.console.server import ConsoleServer

    where = place(project_file=project_file, stage=stage, on=on)
    deployed = where.deployed()
    answers = Answers(Reader(deployed), BatchReader.of(where))
    try:
        server = ConsoleServer(port=port, token=secrets.token_urlsafe(24), answers=answers)
    except OSError as error:
        message = f"port {port} on 127.0.0.1 cannot be had ({error.strerror}): name another one"
        raise CommandError(message, code=Exit.REFUSED) from error
    with server:
        if json_output:
            print_json_line({"url": server.url, "port": server.guard.port})
        else:
            say(f"console of {deployed.project}-{deployed.stage} on {deployed.target.name}:")
            say(f"  {server.url}")
            note("Ctrl-C ends it; releases go on. Whoever has this address can do what you can")
        if browser and not webbrowser.open(server.url):
            note("no browser was found here: open the address yourself")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            note("console ended, releases go on")
