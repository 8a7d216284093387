"""The drill of the whole loop: the traffic shifts, and each link of the chain has to hold.

Drift is found, the reaction starts the training, a version is registered and approved, deployed,
released by the model's own plan, and the monitor compares with the new version's own data.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cli.commands.deploy import deploy_place
from cli.deployed import Deployed
from cli.display import form_for
from cli.exits import CommandError, Exit
from cli.monitors import View
from cli.options import Place
from cli.reactions import Reaction, find_reaction
from cli.training import Training, training_of
from cli.training_words import figure_line, step_line
from cli.users import Load, Question, Users
from cli.verbs import start_release
from cli.watch import watch_release
from tidegate.reaction.memory import Act
from tidegate.reaction.plan import Action
from tidegate.training.run import RunView

Say = Callable[[str], None]
EVENT_SECONDS = 60.0
"""How long the event of the finding may take to cause an act, by the wall's clock."""

_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDrill:
    """Whose loop is drilled, by which requests, and how much of it people do."""

    where: Place
    model: str
    bodies: tuple[bytes, ...]
    data: Path | None
    most_requests: int
    users: int
    approves: bool
    """Whether the drill approves what was registered, where a person has to."""
    say: Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The links as far as they held. Figures are of the evaluation, value and live version's."""

    model: str
    requests: int
    findings: tuple[str, ...]
    act: Act
    run: RunView | None = None
    release_id: str | None = None
    phase: str | None = None
    after: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The chain in JSON types."""
        return {
            "model": self.model,
            "found_after_requests": self.requests,
            "findings": list(self.findings),
            "act": self.act.to_json(),
            "run": None if self.run is None else self.run.to_json(),
            "release_id": self.release_id,
            "phase": self.phase,
            "after": self.after,
        }


def drill_drift(drill: DriftDrill) -> Chain:
    """The chain, once the new version is promoted; CommandError says which link did not hold."""
    reaction = find_reaction(drill.where, drill.model)
    training = training_of(drill.where, drill.model)
    deployed = drill.where.deployed()
    before = reaction.memory().last
    if drill.data is not None:
        drill.say(f"new data is at {training.upload(drill.data)}")
    with _traffic(drill) as crowd:
        view, requests = _found(drill, reaction, crowd)
        named = tuple(
            f"{one['family']}: {one['feature']}" for one in view["findings"] if one["refused"]
        )
        drill.say(f"found within {requests} requests: {view['reason']}")
        act = _acted(drill, reaction, None if before is None else before.number)
        chain = Chain(model=drill.model, requests=requests, findings=named, act=act)
        chain = replace(chain, run=_trained(drill, training, act))
        release_id, phase = _released(drill, deployed)
        chain = replace(chain, release_id=release_id, phase=phase)
        return replace(chain, after=_after(drill, reaction))


@contextmanager
def _traffic(drill: DriftDrill) -> Iterator[Users]:
    """The shifted traffic, from the first link to the last."""
    questions = [Question(body=body) for body in drill.bodies]
    load = Load(model=drill.model, users=drill.users)
    crowd = Users(drill.where.front_door(), questions, load)
    crowd.start()
    try:
        yield crowd
    finally:
        crowd.stop()


def _found(drill: DriftDrill, reaction: Reaction, crowd: Users) -> tuple[View, int]:
    """The report that finds something, and how many requests of the drill there were by then."""
    while True:
        requests = crowd.ledger.requests
        for _ in reaction.monitor.run():
            pass
        view = reaction.monitor.report()
        if view is not None and view["word"] == "drift":
            return view, requests
        if requests > drill.most_requests:
            told = "it has not looked" if view is None else view["reason"]
            raise CommandError(
                f"no drift was found within {requests} requests ({told}): are these requests "
                "other than what the baseline was made of?"
            )
        time.sleep(_LOOK_SECONDS)


def _acted(drill: DriftDrill, reaction: Reaction, last: int | None) -> Act:
    """The act that the finding's event caused."""
    deadline = time.monotonic() + EVENT_SECONDS
    while time.monotonic() < deadline:
        act = reaction.memory().last
        if act is not None and act.number != last and act.made is not None:
            drill.say(f"{act.action}: {act.made.rpartition('/')[2]}")
            if act.action is not Action.RETRAIN:
                raise CommandError(f"the reaction was {act.action}, the drill is of retrain")
            return act
        time.sleep(_LOOK_SECONDS)
    told = reaction.decide()
    raise CommandError(f"nothing was done about it: {told['reason']}", code=Exit.REFUSED)


def _trained(drill: DriftDrill, training: Training, act: Act) -> RunView:
    """The run, once its version is approved."""
    told: set[str] = set()
    run = training.runs.view(str(act.made))
    while not run.over:
        time.sleep(_LOOK_SECONDS)
        run = training.runs.view(run.arn)
        for line in (step_line(step) for step in run.steps if step.ended is not None):
            if line not in told:
                told.add(line)
                drill.say(line.strip())
    if run.package is None:
        raise CommandError(f"run {run.id} registered nothing: {'; '.join(run.reasons)}")
    for figure in run.figures:
        drill.say(figure_line(figure).strip())
    if training.registry.approval(run.package) == "Approved":
        return replace(run, approval="Approved")
    if not drill.approves:
        raise CommandError(
            f"{run.package.rpartition(':')[2]} waits for approval: 'tidegate train approve "
            f"{drill.model}', then deploy and release it; --approve lets the drill do it",
            code=Exit.UNDECIDED,
        )
    reason = "approved by tidegate drill drift"
    training.registry.decide(run.package, status="Approved", reason=reason)
    drill.say(f"{run.package.rpartition(':')[2]} is approved, by the drill")
    return replace(run, approval=training.registry.approval(run.package))


def _released(drill: DriftDrill, deployed: Deployed) -> tuple[str, str]:
    """The release of the new version, and how it ended."""
    drill.say("deploying the new version into the idle slot")
    deploy_place(drill.where)
    release_id = start_release(deployed, drill.model)
    watch_release(deployed, release_id, form=form_for(json_output=False))
    phase = deployed.glance(release_id).phase
    if phase != "promoted":
        raise CommandError(
            f"release {release_id} of the retrained version ended {phase}: 'tidegate release "
            f"report {release_id}' says why"
        )
    return release_id, phase


def _after(drill: DriftDrill, reaction: Reaction) -> dict[str, Any]:
    """What the monitor says of the new version."""
    for _ in reaction.monitor.run():
        pass
    view = reaction.monitor.report()
    told = {} if view is None else {"word": view["word"], "baseline": view["baseline"]["of"]}
    if told:
        drill.say(f"the monitor compares with {told['baseline']} now: {told['word']}")
    return told
