"""Who operates, and the operator's verbs on a deployed project."""

import getpass
import os
import secrets
import time

from cli.deployed import Deployed
from cli.exits import CommandError, Exit
from cli.overview import Idle, model_status
from tidegate.loop import operate
from tidegate.loop.prepare import StartRequest
from tidegate.release import Intervention


def operator() -> str:
    """Who runs the command, as this machine names them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}"


def intervention(deployed: Deployed, why: str) -> Intervention:
    """An operator's intervention, now by the cloud's clock."""
    return Intervention(
        who=operator(),
        at=deployed.target.clock.now(),
        why=why or "no reason given",
    )


def new_release_id(model: str, *, at: float) -> str:
    """An id for a release: readable, sortable by time, unique."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at))
    return f"{model[:30]}-{stamp}-{secrets.token_hex(2)}"


def start_release(deployed: Deployed, model: str) -> str:
    """The id of a release that was started; refused before anything changes if it may not be."""
    release_id = new_release_id(model, at=deployed.target.clock.now())
    operate.start(
        store=deployed.store,
        traffic=deployed.traffic,
        executions=deployed.executions,
        request=StartRequest(release_id=release_id, model=model, who=operator()),
    )
    return release_id


def refuse_known_version(deployed: Deployed, model: str) -> None:
    """CommandError when the idle version is known to be old or bad: to release it is an intent."""
    status = model_status(deployed, model)
    known = {
        Idle.PREVIOUS: f"is what {status.live} replaced",
        Idle.ROLLED_BACK: "was rolled back",
        Idle.ABORTED: "was aborted",
        Idle.BEATEN: "was not better",
        Idle.HARMFUL: "was taken out",
    }
    if status.idle_is in known:
        raise CommandError(
            f"{status.idle}, in the idle slot, {known[status.idle_is]} in release "
            f"{status.last_release_id}: 'tidegate release start {model} --again' releases it",
            code=Exit.REFUSED,
        )


def abort_release(deployed: Deployed, release_id: str, *, why: str) -> None:
    """The release is on its way back to the live version."""
    operate.abort(
        store=deployed.store,
        executions=deployed.executions,
        release_id=release_id,
        intervention=intervention(deployed, why),
    )
