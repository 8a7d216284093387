"""`python -m emulator`: the server process of the embedded cloud.

It binds 127.0.0.1 only, prints or hands over its address and credentials once it answers, and
serves until it is told to stop or, unless detached, its parent dies.
"""

import argparse
import asyncio
import gc
import importlib
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emulator import descriptors, loopback
from emulator.runtime import Runtime
from emulator.settings import DEFAULT_ACCOUNT, DEFAULT_REGION, LOG_LEVELS, Settings
from emulator.timekeeper import CLOCK_FILE, Timekeeper

PLUGINS = (
    "emulator.identity",
    "emulator.httpapis",
    "emulator.lambdas",
    "emulator.logs",
    "emulator.statemachines",
    "emulator.schedules",
    "emulator.cloudwatch",
    "emulator.executionmetrics",
    "emulator.functionmetrics",
    "emulator.queues",
    "emulator.sagemaker",
    "emulator.ai",
    "emulator.greengrass",
    "emulator.route53",
    "emulator.certificates",
    "emulator.loadbalancing",
    "emulator.ec2",
    "emulator.codebuild",
    "emulator.codeconnections",
    "emulator.codepipeline",
    "emulator.secretrotation",
    "emulator.messages",
    "emulator.cloudformation",
)


_COLLECTIONS = (20_000, 20, 50)
"""How rarely the collector runs: of all objects once in some millions, since at half a gigabyte it
takes half a second, in which nothing is answered."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Serve AWS's APIs on 127.0.0.1, with signatures and IAM policies enforced. "
        "Prints one JSON line with endpoint and administrator credentials once it answers.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="port on 127.0.0.1 (default 0: any free one)")
    add("--dns-port", type=int, default=0, help="port of the DNS server (default 0: any free one)")
    add("--region", default=DEFAULT_REGION, help="region of the cloud (default %(default)s)")
    add(
        "--account",
        action="append",
        metavar="ID",
        help="12 digits of an account; the first is the cloud's own, whose keys are handed over "
        f"first (repeatable; default {DEFAULT_ACCOUNT})",
    )
    add("--time-scale", type=float, default=1.0, help="cloud seconds per wall second, at least 1")
    add("--state-directory", type=Path, help="where files are kept (default: a temporary one)")
    add(
        "--lambda-environment",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for every Lambda function (repeatable)",
    )
    add("--log-level", choices=LOG_LEVELS, default="WARNING", help="(default %(default)s)")
    add("--ready-fd", type=int, default=1, help="file descriptor for the JSON line (default 1)")
    return parser


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that the command line says; ValueError names every fault."""
    pairs = [pair.partition("=") for pair in arguments.lambda_environment]
    account, *others = arguments.account or [DEFAULT_ACCOUNT]
    return Settings(
        port=arguments.port,
        dns_port=arguments.dns_port,
        region=arguments.region,
        account=account,
        other_accounts=tuple(others),
        time_scale=arguments.time_scale,
        state_directory=arguments.state_directory,
        lambda_environment={name: value for name, _, value in pairs},
        log_level=arguments.log_level,
    )


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; OSError if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def run(settings: Settings, *, ready_fd: int) -> None:
    """The cloud serves until it is told to stop."""
    listener = listen(settings.port)
    port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="embedded-cloud-") as temporary:
        state_directory = settings.state_directory or Path(temporary)
        state_directory.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = temporary
        _configure(settings, port, state_directory)
        runtime = _runtime(settings, port, state_directory)
        for plugin in PLUGINS:
            _install(plugin, runtime)
        descriptors.allow_many()
        asyncio.run(_serve(listener, runtime, ready_fd))


def _configure(settings: Settings, port: int, state_directory: Path) -> None:
    from emulator import seams  # noqa: PLC0415 - after the command line is known to be right
    from emulator.seams import gateway  # noqa: PLC0415

    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    seams.require_pinned_version()
    gateway.configure(settings, port=port, state_directory=state_directory)


def _runtime(settings: Settings, port: int, state_directory: Path) -> Runtime:
    from emulator.seams import identity  # noqa: PLC0415 - imports ministack

    return Runtime(
        settings=settings,
        keeper=Timekeeper(scale=settings.time_scale, file=(state_directory / CLOCK_FILE).resolve()),
        port=port,
        state_directory=state_directory,
        role_credentials=identity.role_credentials,
        low_port_offset=loopback.low_port_offset(),
    )


def _install(plugin: str, runtime: Runtime) -> None:
    importlib.import_module(plugin).install(runtime)


async def _serve(listener: socket.socket, runtime: Runtime, ready_fd: int) -> None:
    from emulator.seams import gateway, identity  # noqa: PLC0415 - imports ministack

    async def started() -> None:
        settings = runtime.settings
        for account in settings.accounts:
            made = await identity.create_administrator(account, settings.region)
            runtime.administrators[account] = made
        await runtime.started()

    async def ready() -> None:
        # What is loaded stays: a collection that looks through it holds up every request.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTIONS)
        _report_ready(runtime, ready_fd)

    await gateway.serve(listener, started=started, ready=ready, stopped=runtime.stopped)


def _report_ready(runtime: Runtime, ready_fd: int) -> None:
    line = {
        "pid": os.getpid(),
        "endpoint_url": runtime.endpoint_url,
        "region": runtime.settings.region,
        "account": runtime.settings.account,
        "administrators": {
            account: keys.record() for account, keys in runtime.administrators.items()
        },
        "clock": str(runtime.clock.file),
        "low_port_offset": runtime.low_port_offset,
        **runtime.facts,
    }
    os.write(ready_fd, json.dumps(line).encode() + b"\n")
    if ready_fd > 2:
        os.close(ready_fd)


def main(argv: Sequence[str]) -> int:
    """Exit code: 0 after a requested stop, 2 for a wrong command line, 1 for a taken port."""
    arguments = parser().parse_args(argv)
    try:
        settings = settings_of(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        run(settings, ready_fd=arguments.ready_fd)
    except OSError as error:
        sys.stderr.write(f"cannot listen on 127.0.0.1:{settings.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
