"""Ways to break a deployment from outside the product: failing resources, killed functions.

Nothing of the product is replaced: a sabotaged function runs the deployed code, and is killed,
stopped or failed around it.
"""

import io
import json
import os
import signal
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from emulator.server import EmbeddedCloud
from tests.e2e.world import World, wait_for

CODE = Path(__file__).resolve().parents[2] / "lambda"

SABOTAGE = '''
import importlib, os, pathlib, signal, sys, time

FOLDER = pathlib.Path(os.environ["SABOTAGE_FOLDER"])
WORK = importlib.import_module(os.environ["SABOTAGE_PACKAGE"] + ".handler").handle


def handle(event, context):
    ticket = claim()
    moment, action = ticket.read_text().split() if ticket else ("never", "")
    if moment == "before":
        act(action, ticket)
    watch_calls(moment, action, ticket)
    answer = WORK(event, context)
    if moment != "before" and ticket is not None and ticket.suffix == ".claimed":
        act(action, ticket)
    return answer


def claim():
    for path in sorted(FOLDER.glob("*.ticket")):
        claimed = path.with_suffix(".claimed")
        try:
            path.rename(claimed)
        except FileNotFoundError:
            continue
        return claimed
    if (FOLDER / "always-fails").exists():
        raise RuntimeError("sabotaged: this function always fails")
    return None


def watch_calls(moment, action, ticket):
    """Act after the n-th call of AWS was answered, and before the function knows."""
    import botocore.client
    original = getattr(botocore.client.BaseClient, "_unwatched", None)
    if original is None:
        original = botocore.client.BaseClient._make_api_call
        botocore.client.BaseClient._unwatched = original
    left = [int(moment.removeprefix("call-")) if moment.startswith("call-") else 0]

    def call(self, *arguments, **named):
        answer = original(self, *arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            act(action, ticket)
        return answer

    botocore.client.BaseClient._make_api_call = call


def act(action, ticket):
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    partial = ticket.with_suffix(".partial")
    partial.write_text(str(os.getpid()))
    partial.rename(ticket.with_suffix(".pid"))
    while not ticket.with_suffix(".go").exists():
        time.sleep(0.01)
'''


def with_failing_resource(assembly: Path, stack: str, *, after: str) -> Path:
    """The stack's template has a resource that fails once `after` is there.

    It is a custom resource that asks the guard with nothing in its properties: refused, always.
    """
    path = assembly / f"{stack}.template.json"
    template = json.loads(path.read_text())
    resources = template["Resources"]
    resources["Broken"] = {
        "Type": "Custom::Broken",
        "DependsOn": [after],
        "Properties": {
            "ServiceToken": resources["ReleaseGuard"]["Properties"]["ServiceToken"],
            "Model": "nothing",
        },
    }
    if after != "ReleaseVerify":
        verify = resources["ReleaseVerify"]
        verify["DependsOn"] = [*verify.get("DependsOn", []), "Broken"]
    path.write_text(json.dumps(template))
    return assembly


@dataclass(frozen=True, slots=True, kw_only=True)
class Saboteur:
    """One function whose invocations obey tickets: what happens, and when in the function.

    Moments are `before`, `after` and `call-N`, actions `kill` (by SIGKILL) and `hang`.
    """

    folder: Path

    def ticket(self, moment: str, action: str) -> Path:
        """The next invocation without a ticket obeys this one."""
        number = len(list(self.folder.glob("*")))
        path = self.folder / f"{number:03}.ticket"
        partial = path.with_suffix(".new")
        partial.write_text(f"{moment} {action}")
        partial.rename(path)
        return path

    def fail_always(self) -> None:
        """Every invocation raises until `recover`."""
        (self.folder / "always-fails").touch()

    def recover(self) -> None:
        """Invocations work."""
        (self.folder / "always-fails").unlink(missing_ok=True)

    def left(self) -> list[str]:
        """What no invocation has obeyed yet."""
        return [path.read_text() for path in sorted(self.folder.glob("*.ticket"))]

    def withdraw(self) -> None:
        """Nothing more happens to invocations."""
        for path in self.folder.glob("*.ticket"):
            path.unlink(missing_ok=True)

    def hanging(self, ticket: Path, *, seconds: float = 60) -> int:
        """The process id of the worker that hangs by this ticket, as soon as one does."""
        pid = ticket.with_suffix(".pid")
        wait_for(pid.exists, seconds=seconds, what=f"a hang by {ticket.name}")
        return int(pid.read_text())

    def let_go(self, ticket: Path) -> None:
        """The worker that hangs by this ticket goes on."""
        ticket.with_suffix(".go").touch()


class Breakable(Protocol):
    """A deployed stack with functions, named by their logical ids."""

    cloud: EmbeddedCloud
    folder: Path

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the stack is called."""
        ...


@contextmanager
def sabotaged(
    world: Breakable, *packages: str, timeout_seconds: int | None = None
) -> Iterator[dict[str, Saboteur]]:
    """These functions obey tickets while the block runs, and are themselves again afterwards.

    With a timeout above a minute a hang is no work that the cloud's time waits for.
    """
    client = world.cloud.session().client("lambda")
    archive = _archive()
    undo: list[tuple[str, dict[str, Any]]] = []
    saboteurs: dict[str, Saboteur] = {}
    try:
        for package in packages:
            name = world.physical_id("".join(part.capitalize() for part in package.split("_")))
            before = client.get_function_configuration(FunctionName=name)
            folder = Path(tempfile.mkdtemp(prefix=f"sabotage-{package}-", dir=world.folder))
            own = before["Environment"]["Variables"]
            kept = {key: before[key] for key in ("Handler", "Timeout")}
            undo.append((name, {**kept, "Environment": {"Variables": own}}))
            variables = {**own, "SABOTAGE_FOLDER": str(folder), "SABOTAGE_PACKAGE": package}
            client.update_function_code(FunctionName=name, ZipFile=archive)
            client.update_function_configuration(
                FunctionName=name,
                Handler="sabotage.handle",
                Timeout=before["Timeout"] if timeout_seconds is None else timeout_seconds,
                Environment={"Variables": variables},
            )
            saboteurs[package] = Saboteur(folder=folder)
        yield saboteurs
    finally:
        for name, configuration in undo:
            client.update_function_configuration(FunctionName=name, **configuration)


def kill(pid: int) -> None:
    """A worker is gone, as by `kill -9`."""
    os.kill(pid, signal.SIGKILL)


def stop_executions(world: World) -> int:
    """Every running execution of the release machines is stopped, the outer ones first."""
    client = world.cloud.session().client("stepfunctions")
    machines = [world.physical_id("ReleaseMachine"), world.physical_id("ChapterMachine")]
    stopped = 0
    for machine in machines:
        listed = client.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        for execution in listed["executions"]:
            client.stop_execution(
                executionArn=execution["executionArn"], error="Killed", cause="by a story"
            )
            stopped += 1
    return stopped


def _archive() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("sabotage.py", SABOTAGE)
        for path in sorted(CODE.rglob("*.py")):
            archive.writestr(str(path.relative_to(CODE)), path.read_bytes())
    return raw.getvalue()
