"""The shape of section `monitoring` of a model."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.model_monitor_shape import ModelMonitorFile
from stacks.project.part import Part
from stacks.project.reaction_shape import ReactionFile
from stacks.project.training_shape import METRIC
from tidegate.observation import OutcomeKind

POINTER = r"^(/.*)?$"

Pointer = Annotated[str, StringConstraints(pattern=POINTER, max_length=256)]
Duration = Annotated[str, StringConstraints(pattern=PATTERN)]
Column = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class ExpectedOutcomesFile(Part):
    """What becomes known of predictions, and how much of it was bad in the evaluation."""

    kind: Annotated[OutcomeKind, Field(strict=False)] = OutcomeKind.LABELS
    """What is reported: labels (right or wrong), conversions or complaints (good or bad events)."""
    expected: float
    """The share that was bad in the evaluation: wrong, complained about, or not converted."""
    rows: Annotated[int, Field(ge=1)]
    """Of how many predictions that share is: its own sampling error counts."""
    tolerance: float = 0.02
    """How much worse it may become and not matter: 0.02 is two points."""
    metric: Annotated[str, StringConstraints(pattern=METRIC)] | None = None
    """Metric of a training run's evaluation.json that expected is, for versions trained here."""


class ScoreFile(Part):
    """Where an answer has its score, and how much worse ranking and calibration may become."""

    at: Pointer
    """JSON pointer to the score in an answer: the chance, 0 to 1, that the label is positive."""
    auc_tolerance: float = 0.02
    """How far the area under the curve may fall and not matter: 0.02 is two points."""
    calibration_tolerance: float = 0.05
    """How far the share of positives may be from what scores say and not matter."""


class MonitoringFile(Part):
    """Whether captured requests and answers are still like the data that a model was trained on."""

    baseline: str
    """The file that 'tidegate monitor baseline' made of the training data."""
    every: Duration = "1h"
    """How often new captures are looked at: 5m to 1d."""
    window: Duration = "1d"
    """The stretch of time whose requests are counted together and then judged: 5m to 7d."""
    lag: Duration = "15m"
    """How long after a window its captures may still arrive."""
    records: Pointer = ""
    """JSON pointer to the record, or the list of records, in a request; left out: all of it."""
    columns: Annotated[list[Column], Field(max_length=500)] = []
    """Names of the values of requests in CSV, or of records that are lists, in their order."""
    predictions: Pointer | None = None
    """JSON pointer to the prediction, or the list of them, in an answer; the baseline has them."""
    prediction: Pointer = ""
    """JSON pointer to the number or label within each prediction; left out: all of it."""
    client: Pointer | None = None
    """JSON pointer to who asks: each client counts once a window; left out: requests count."""
    tolerance: float = 0.05
    """How far a share of a feature or prediction may move and not matter: 0.05 is five points."""
    quality_tolerance: float = 0.01
    """The same of missing, impossible and never seen values."""
    tolerances: dict[Column, float] = {}
    """Tolerances of single features, instead of tolerance."""
    outcomes: ExpectedOutcomesFile | None = None
    """Watches model quality against late outcomes; left out: only what comes with requests."""
    reaction: ReactionFile | None = None
    """What is done about findings beside the alarm; left out: nothing."""
    score: ScoreFile | None = None
    """Joins scores with outcomes: ranking (AUC) and calibration; the baseline has an evaluation."""
    slices: Annotated[list[Column], Field(max_length=20)] = []
    """Features that cut traffic into slices watched apart; the baseline has each of them."""
    slice_tolerance: float = 0.05
    """How far a share, or the ranking, of a slice may move and not matter."""
    attributions: Pointer | None = None
    """JSON pointer to an answer's attributions by feature; the baseline has them."""
    model_monitor: ModelMonitorFile | None = None
    """SageMaker's own Model Monitor too, in accounts that had it before it was closed."""
    alpha: float = 0.01
    """Chance of any finding, ever, while everything stays within its tolerance, at most."""
