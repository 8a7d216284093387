"""A training run in words: what happened, and what to do next."""

import pytest

from cli.training import JobPrice
from cli.training_words import cost_words, run_lines
from tidegate.training.run import Figure, RunView, StepView, Trial, TuningView

PRICE = JobPrice(usd_per_hour=0.48, said="as a test says")
JOB = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/abc"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop-dev-fraud/3"


def view(status: str, **changes: object) -> RunView:
    """A run that has come so far."""
    step = StepView(name="Train", status=status, started=0.0, ended=75.0, made=JOB)
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
    assert list(run_lines("fraud", run, PRICE))[-1] == words


def test_steps_and_figures_have_a_line_each():
    """With how long it took, and what the live version does."""
    figures = (Figure(metric="wrong_share", value=0.1, live=0.2),)
    assert list(run_lines("fraud", view("Succeeded", figures=figures), PRICE))[:4] == [
        "fraud: run abc succeeded",
        "  Train: Succeeded, 1 min 15 s",
        "  took 1 min 15 s, costs $0.0100 at the most (1 min 15 s of jobs): as a test says",
        "  wrong_share: 0.1, live version 0.2",
    ]


def test_what_is_no_job_costs_nothing_and_an_unknown_price_is_no_number():
    """Registering a package takes a step's time and no instance."""
    register = StepView(name="R", status="Succeeded", started=75.0, ended=80.0, made=PACKAGE)
    run = view("Succeeded")
    run = view("Succeeded", steps=(*run.steps, register))
    assert (run.seconds, run.job_seconds) == (80.0, 75.0)
    unknown = JobPrice(usd_per_hour=None, said="not known")
    assert unknown.to_json(run)["usd"] is None
    assert cost_words(run, unknown).startswith("took 1 min 20 s, costs an unknown sum")


def test_a_run_that_goes_on_has_not_taken_a_time():
    """Its cost so far is told all the same."""
    assert view("Executing").seconds is None
    assert cost_words(view("Executing"), PRICE).startswith("costs $0.0100")


TUNING = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/abc"


def tuned() -> RunView:
    """A run of two tries, which trained at once."""
    step = StepView(name="Train", status="Succeeded", started=0.0, ended=75.0, made=TUNING)
    given = {"status": "Completed", "drawn": {"eta": "0.3", "depth": "4"}}
    tries = (
        Trial(name="abc-002", value=0.91, seconds=70.0, **given),
        Trial(name="abc-001", value=None, seconds=60.0, **given | {"status": "Failed"}),
    )
    view_ = TuningView(
        name="abc", objective="validation:auc", goal="Maximize", best="abc-002", jobs=tries
    )
    return view("Succeeded", steps=(step,), tuning=(view_,))


def test_tries_of_a_tuned_run_have_a_line_each_the_best_first():
    """With what was drawn, the value of the objective, and how long it took."""
    lines = list(run_lines("fraud", tuned(), PRICE))
    assert lines[3:6] == [
        "  abc: 2 training jobs, Maximize validation:auc",
        "    0.91, the best: depth=4, eta=0.3 (Completed, 1 min 10 s)",
        "    no value: depth=4, eta=0.3 (Failed, 1 min 0 s)",
    ]


def test_a_tuned_run_costs_what_its_jobs_ran_together():
    """Not what the step took, in which they ran at once."""
    assert tuned().job_seconds == 130.0
    assert tuned().to_json()["tuning"][0]["jobs"][0]["value"] == 0.91
