"""Stops the notebook instance that it runs on once nobody has worked there for a while.

It runs on the instance by a timer, outside this project: the standard library and boto3 only. It
asks the Jupyter server of the instance (`/api/status`, `/api/kernels` of its REST API), and stops
the instance by `StopNotebookInstance`, under the instance's own role. What cannot be asked counts
as work: a wrong stop would lose what is in memory, a missed one costs five minutes.
"""

import argparse
import json
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

METADATA = Path("/opt/ml/metadata/resource-metadata.json")
"""Where an instance finds its own name (SageMaker guide, "Get Notebook Instance Metadata")."""

SERVER = "https://localhost:8443"
_SECONDS = 10


def idle_seconds(
    now: float, status: Mapping[str, Any], kernels: Sequence[Mapping[str, Any]]
) -> float:
    """How long nobody has worked: 0 while a kernel is busy, else since the last activity of any.

    A kernel that computes is at work however long it takes; the server's own last activity counts
    browsers that save, open and list files.
    """
    if any(kernel["execution_state"] not in {"idle", "starting"} for kernel in kernels):
        return 0.0
    moments = [status["started"], status["last_activity"]]
    moments += [kernel["last_activity"] for kernel in kernels]
    return max(0.0, now - max(_seconds(moment) for moment in moments))


def _seconds(moment: str) -> float:
    """Unix seconds of Jupyter's moments, such as 2026-11-30T10:00:00.000000Z."""
    # Python 3.9, which the instance has, reads no Z.
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()  # noqa: FURB162


def ask(server: str, path: str, token: str) -> Any:
    """What the Jupyter server answers; to be asked is no activity."""
    headers = {"Authorization": f"token {token}"} if token else {}
    url = f"{server}{path}?no_track_activity=1"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the timer says which
    # The server is this machine, and its certificate of its own making.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(  # noqa: S310 - as above
        request, timeout=_SECONDS, context=context
    ) as answer:
        return json.load(answer)


def stop(name: str) -> None:
    """The instance stops; its volume stays."""
    import boto3  # noqa: PLC0415 - only an idle instance needs it

    boto3.client("sagemaker").stop_notebook_instance(NotebookInstanceName=name)


def main() -> None:
    """The instance is stopped if it has been idle for long enough; what was found is printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle-seconds", type=float, required=True)
    parser.add_argument("--metadata", type=Path, default=METADATA)
    parser.add_argument("--server", default=SERVER)
    given = parser.parse_args()
    name = json.loads(given.metadata.read_text(encoding="utf-8"))["ResourceName"]
    token = os.environ.get("JUPYTER_TOKEN", "")
    try:
        status = ask(given.server, "/api/status", token)
        kernels = ask(given.server, "/api/kernels", token)
    except OSError as error:
        sys.exit(f"{name} is left alone: its Jupyter server cannot be asked: {error}")
    idle = idle_seconds(time.time(), status, kernels)
    if idle < given.idle_seconds:
        sys.stdout.write(f"{name} is idle for {idle:.0f} s of {given.idle_seconds:.0f}\n")
        return
    sys.stdout.write(f"{name} is idle for {idle:.0f} s: it stops\n")
    stop(name)


if __name__ == "__main__":
    main()
