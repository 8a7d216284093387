"""The plan of a reaction: which findings ask for what, and how often anything may be done."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tidegate.monitoring.shares import Family
from tidegate.values import value

MONTH_SECONDS = 30 * 86_400
LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 3_600, 90 * 86_400
MOST_A_MONTH = 30


class Action(StrEnum):
    """What a finding asks for. Of several findings the strongest action is taken, in this order."""

    ALERT = "alert"
    RETRAIN = "retrain"
    ROLL_BACK = "roll-back"


@value
class ReactionPlan:
    """What is done about findings of each family; of a family that is not named, alerts only.

    Between two acts are at least `pause_seconds`, and in any 30 days at most `most_a_month`: a
    drift that retraining does not cure must not train, and bill, for ever.
    """

    actions: Mapping[Family, Action]
    pause_seconds: int = 7 * 86_400
    most_a_month: int = 4

    def action_on(self, families: tuple[Family, ...]) -> Action:
        """The strongest action that findings of these families ask for."""
        asked = {self.actions.get(family, Action.ALERT) for family in families}
        return max(asked, key=list(Action).index, default=Action.ALERT)

    def asks(self, action: Action) -> tuple[Family, ...]:
        """The families whose findings ask for an action."""
        return tuple(family for family in Family if self.actions.get(family) is action)

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types."""
        return {
            "actions": {family.value: action.value for family, action in self.actions.items()},
            "pause_seconds": self.pause_seconds,
            "most_a_month": self.most_a_month,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ReactionPlan":
        """The inverse of `to_json`."""
        actions = {Family(name): Action(word) for name, word in data["actions"].items()}
        return cls(
            actions=actions,
            pause_seconds=data["pause_seconds"],
            most_a_month=data["most_a_month"],
        )


def faults_of(plan: ReactionPlan) -> list[str]:
    """What is impossible in a plan."""
    faults = []
    if not LEAST_PAUSE_SECONDS <= plan.pause_seconds <= MOST_PAUSE_SECONDS:
        faults.append(f"pause is {plan.pause_seconds} s, must be 1h to 90d")
    if not 1 <= plan.most_a_month <= MOST_A_MONTH:
        faults.append(f"most_a_month is {plan.most_a_month}, must be 1 to {MOST_A_MONTH}")
    return faults
