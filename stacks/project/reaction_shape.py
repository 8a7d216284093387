"""The shape of section `reaction` of a monitor; its rules are in `reactions.py`."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import Part
from tidegate.reaction.plan import Action

Asked = Annotated[Action, Field(strict=False)]


class ReactionFile(Part):
    """What is done about findings of each kind.

    alert: people are told, as always; retrain: the training pipeline runs; roll-back: the version
    before the live one is released.
    """

    data_quality: Asked = Action.ALERT
    """About missing, impossible or never seen values."""
    data_drift: Asked = Action.ALERT
    """About features that are distributed otherwise than in the baseline."""
    prediction_drift: Asked = Action.ALERT
    """About answers that are."""
    model_quality: Asked = Action.ALERT
    """About outcomes that are worse than in the evaluation."""
    slices: Asked = Action.ALERT
    """About slices whose predictions, errors, ranking or calibration are worse."""
    attribution_drift: Asked = Action.ALERT
    """About answers that rest on other features."""
    pause: Annotated[str, StringConstraints(pattern=PATTERN)] = "7d"
    """At least so long between two acts: 1h to 90d."""
    most_a_month: int = 4
    """At most so many acts in any 30 days, 1 to 30; then only people are told."""
