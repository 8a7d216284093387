"""Reactions as deployed: what was done about a monitor's findings, and what is decided now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.exits import CommandError, Exit
from cli.html import moment
from cli.monitors import Monitor, find_monitor
from cli.options import Place
from tidegate.reaction.memory import Act, Memory
from tidegate.reaction.plan import Action
from tidegate_aws.reactions import MEMORY_KEY

TOLD_ACTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The deployed reaction of a model's monitor."""

    monitor: Monitor
    function: str

    def memory(self) -> Memory:
        """What was done so far."""
        found = self.monitor.document(MEMORY_KEY)
        return Memory() if found is None else Memory.from_json(found)

    def decide(self) -> dict[str, Any]:
        """What is decided now; an act that is asked for has begun."""
        return self.monitor.invoked(self.function, what="reaction")


def find_reaction(where: Place, model: str) -> Reaction:
    """The reaction; CommandError where the model's monitor has none that is deployed."""
    monitor = find_monitor(where, model)
    found = reaction_of(monitor)
    if found is None:
        raise CommandError(
            f"the monitor of {model} has no reaction on {where.reading.name}: give 'monitoring' a "
            "section 'reaction' in the project file and run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return found


def reaction_of(monitor: Monitor) -> Reaction | None:
    """The reaction of a monitor, or None where it has none."""
    name = monitor.reaction
    return None if name is None else Reaction(monitor=monitor, function=name)


def acts_told(memory: Memory) -> Iterator[str]:
    """The newest acts, a line each."""
    for act in memory.acts[-TOLD_ACTS:]:
        yield f"{moment(act.at)}: {act_told(act)}"


def act_told(act: Act) -> str:
    """What was done, about what."""
    done = {Action.RETRAIN: "retraining", Action.ROLL_BACK: "going back"}
    made = "not begun yet" if act.made is None else act.made.rpartition("/")[2]
    return f"{done.get(act.action, act.action)} ({made}) about {', '.join(act.findings)}"
