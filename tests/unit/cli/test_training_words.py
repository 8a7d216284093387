"""A training run in words: what happened, and what to do next."""

import pytest

from cli.training_words import run_lines
from tidegate.training.run import Figure, RunView, StepView

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop-dev-fraud/3"


def view(status: str, **changes: object) -> RunView:
    """A run that has come so far."""
    step = StepView(name="Train", status=status, started=0.0, ended=75.0)
    given: dict[str, object] = {
        "arn": "arn:x/execution/abc",
        "status": status,
        "started": 0.0,
        "steps": (step,),
        **changes,
    }
    return RunView(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (view("Executing"), "it goes on: 'tidegate train status fraud'"),
        (view("Failed"), "nothing was registered"),
        (
            view("Succeeded", package=PACKAGE, approval="PendingManualApproval"),
            "shop-dev-fraud/3 waits for approval: 'tidegate train approve fraud'",
        ),
        (
            view("Succeeded", package=PACKAGE, approval="Approved"),
            "shop-dev-fraud/3 is approved: 'tidegate deploy' puts it into the idle slot",
        ),
        (view("Succeeded", package=PACKAGE, approval="Rejected"), "shop-dev-fraud/3 was rejected"),
    ],
)
def test_the_last_line_says_what_comes_next(run: RunView, words: str):
    """And who does it."""
    assert list(run_lines("fraud", run))[-1] == words


def test_steps_and_figures_have_a_line_each():
    """With how long it took, and what the live version does."""
    figures = (Figure(metric="wrong_share", value=0.1, live=0.2),)
    assert list(run_lines("fraud", view("Succeeded", figures=figures)))[:3] == [
        "fraud: run abc succeeded",
        "  Train: Succeeded, 1 min 15 s",
        "  wrong_share: 0.1, live version 0.2",
    ]
