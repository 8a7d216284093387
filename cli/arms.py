"""The arms of an A/B test in words and as a table, shared by terminal, report and console."""

from rich.table import Table
from rich.text import Text

from tidegate.observation import OutcomeKind
from tidegate.view import ReleaseView
from tidegate.view_arms import ABView, ArmView
from tidegate.words import percent, points

HEADINGS = ("arm", "version", "share", "requests", "objective", "against control", "better", "is")


def standing_words(view: ReleaseView, test: ABView) -> str:
    """Where a test stands while it is open, in a few words."""
    left = sum(arm.out is None for arm in test.arms)
    arms = f"{left} arms" if left == len(test.arms) else f"{left} of {len(test.arms)} arms"
    if view.paused is not None:
        return f"testing {arms} paused"
    return f"testing {arms}" if view.phase == "baking" else f"testing {arms}, {view.phase}"


def versions_words(view: ReleaseView) -> str:
    """Who is released over whom."""
    return f"{view.live.label} → {released_label(view)}"


def released_label(view: ReleaseView) -> str:
    """What is released: of a test all challengers, until one of them was promoted."""
    if view.ab_test is None or view.phase in {"promoting", "promoted"}:
        return view.candidate.label
    return " | ".join(arm.served.label for arm in view.ab_test.arms[1:])


def shares_words(test: ABView) -> str:
    """The share of each arm."""
    return ", ".join(f"{arm.served.slot} {arm.served.share_percent} %" for arm in test.arms)


def objective_words(test: ABView) -> str:
    """What decides, how surely, and how far the test is."""
    counted = "right outcomes" if test.kind == OutcomeKind.LABELS else test.kind
    tie = (
        "never a tie"
        if test.tie_margin is None
        else f"a tie within {points(test.tie_margin)} points"
    )
    return (
        f"objective: {test.better} rate of {counted}, wrong winner at most {percent(test.alpha)}, "
        f"{tie}; {test.requests:,} of {test.horizon_requests:,} planned requests"
    )


def cells(test: ABView, arm: ArmView) -> tuple[str, ...]:
    """What a table says of one arm, under `HEADINGS`."""
    served = arm.served
    return (
        served.slot,
        served.label,
        f"{served.share_percent} %",
        f"{served.requests:,}",
        f"{percent(arm.rate)}{_within(arm)}",
        _difference(arm),
        "-" if served.role == "live" else f"{100 * arm.progress:.0f} %",
        state_words(test, arm),
    )


def _within(arm: ArmView) -> str:
    if arm.lower is None or arm.upper is None:
        return ""
    return f" ({percent(arm.lower)} to {percent(arm.upper)})"


def _difference(arm: ArmView) -> str:
    if arm.served.role == "live" or arm.difference is None:
        return "-"
    told = points(arm.difference)
    if arm.difference_lower is None or arm.difference_upper is None:
        return told
    return f"{told} ({points(arm.difference_lower)} to {points(arm.difference_upper)})"


def state_words(test: ABView, arm: ArmView) -> str:
    """What an arm is by now: control, out, winner, tie, or how safe it is known to be."""
    if arm.out is not None:
        return "out"
    if test.slot == arm.served.slot:
        return "winner" if test.conclusion == "winner" else "kept of a tie"
    if arm.served.role == "live":
        return "control"
    return "safe" if arm.safe else "not yet known safe"


def out_words(test: ABView) -> tuple[str, ...]:
    """Why arms were taken out, a sentence each."""
    return tuple(
        f"{arm.served.slot} was taken out because {arm.out}"
        for arm in test.arms
        if arm.out is not None
    )


def arms_table(test: ABView) -> Table:
    """The arms for the terminal."""
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(
            heading, justify="left" if heading in {"arm", "version", "is"} else "right"
        )
    for arm in test.arms:
        table.add_row(*(Text(cell) for cell in cells(test, arm)))
    return table
