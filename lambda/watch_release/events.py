"""What the watch's machine is told after a look."""

from typing import Any

from tidegate.guardrail.watch import Watched, WatchInput


def looked(task: WatchInput, watched: Watched) -> dict[str, Any]:
    """The input of the next look, or of the report."""
    return {
        "release_id": task.release_id,
        "stack_id": task.stack_id,
        "epoch": 1,
        "next": "report" if watched.over else "watch",
        "wait_seconds": watched.wait_seconds,
    }
