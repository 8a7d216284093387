"""What a release plan promises of its verdicts, in a sentence for people."""

from cli.screen import percent
from tidegate.strategies import Mechanism, Strategy
from tidegate.view import ReleaseView


def promise_of(view: ReleaseView) -> str:
    """How likely a wrong verdict is by the plan, and what that does not cover."""
    alpha, beta = percent(view.alpha), percent(view.beta)
    if view.mechanism == Mechanism.GUARDRAIL:
        return (
            "By its plan, the chance to take back a candidate that does no harm and stays within "
            f"its fixed limits is at most {alpha}. SageMaker promotes by itself: that it is safe "
            "is never claimed."
        )
    verbs = ("fail", "pass") if view.strategy == Strategy.SHADOW else ("roll back", "promote")
    return (
        f"By its plan, the chance to {verbs[0]} a harmless candidate is at most {alpha}, and the "
        f"chance to {verbs[1]} one whose harm is at a margin at most {beta}. What that does not "
        f"cover: {view.limits}."
    )
