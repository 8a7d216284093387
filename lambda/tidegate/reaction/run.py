"""A run of a reaction: one decision; an act is written down, begun, and written down as begun."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidegate.errors import ConflictError, ReleaseRefusedError
from tidegate.metrics import Metric
from tidegate.reaction.decide import decide
from tidegate.reaction.memory import Act
from tidegate.reaction.plan import Action, ReactionPlan
from tidegate.reaction.ports import Actor, MemoryStore, Remembered, Surroundings, Teller
from tidegate.reaction.report import found_in
from tidegate.values import value

ACTS, HELD_BACK = "Reactions", "ReactionsHeldBack"


@value
class ReactionRun:
    """What is run: whose reaction, by what plan, and the world."""

    model: str
    plan: ReactionPlan
    store: MemoryStore
    surroundings: Surroundings
    actors: Mapping[Action, Actor]
    teller: Teller
    now: float


def run_reaction(run: ReactionRun) -> dict[str, Any]:
    """What was decided, in JSON types; an act has begun, and what is new is announced.

    Event and schedule may come together: who is later leaves it to the other run.
    """
    try:
        return _decided(run)
    except ConflictError:
        return _detail(run.model, "another run of the reaction is under way", None)


def _decided(run: ReactionRun) -> dict[str, Any]:
    remembered = _told(run, run.store.read())
    view = run.surroundings.report()
    found = None if view is None else found_in(view)
    around = run.surroundings.around()
    decision = decide(run.plan, remembered.memory, found, around, now=run.now)
    values = {ACTS: float(decision.act is not None), HELD_BACK: float(decision.held_back)}
    run.teller.measure(Metric(dimensions={"Model": run.model}, values=values, units={}))
    if decision.act is not None:
        remembered = _told(run, _begun(run, remembered, decision.act))
        return _detail(run.model, decision.reason, remembered.memory.last)
    detail = _detail(run.model, decision.reason, None)
    if decision.held_back and decision.reason != remembered.memory.held_back:
        run.teller.announce(detail)
        memory = replace(remembered.memory, held_back=decision.reason)
        run.store.write(replace(remembered, memory=memory))
    return detail


def _begun(run: ReactionRun, remembered: Remembered, act: Act) -> Remembered:
    """Written down first: who dies after this line begins it again, under the same token."""
    written = run.store.write(replace(remembered, memory=remembered.memory.begun(act)))
    begun = replace(act, made=_made(run.actors[act.action], act))
    return run.store.write(replace(written, memory=written.memory.begun(begun)))


def _made(actor: Actor, act: Act) -> str:
    """What began; a refusal is the end of the act, which counts like any other."""
    try:
        return actor.begin(act)
    except ReleaseRefusedError as error:
        return f"refused: {error}"


def _told(run: ReactionRun, remembered: Remembered) -> Remembered:
    """An act that has begun is announced, by whichever run comes to it: at least once."""
    act = remembered.memory.untold
    if act is None:
        return remembered
    run.teller.announce(_detail(run.model, act.reason, act))
    memory = remembered.memory.begun(replace(act, told=True))
    return run.store.write(replace(remembered, memory=memory))


def _detail(model: str, reason: str, act: Act | None) -> dict[str, Any]:
    return {
        "model": model,
        "action": None if act is None else act.action.value,
        "reason": reason,
        "made": None if act is None else act.made,
        "findings": [] if act is None else list(act.findings),
    }
