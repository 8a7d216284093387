"""The chart of an A/B test's shares: a line an arm, by the release's log."""

from cli.charts import Axes, Chart, Line, Mark, last_moment, steps, styles, time_marks
from tidegate.view import ReleaseView


def shares_chart(view: ReleaseView) -> Chart:
    """What share of the traffic each arm had; needs a look."""
    axes = Axes(begin=view.started_at, end=last_moment(view), low=0.0, high=100.0)
    names = [slot.slot for slot in view.slots]
    moved = _moves(view, names)
    return Chart(
        title="Share of the traffic that each arm had",
        description="; ".join(f"{_told(shares)} from {_after(view, at)}" for at, shares in moved),
        lines=tuple(
            Line(
                name=f"share of {name}, percent",
                colour=colour,
                dashes=dashes,
                points=axes.path(_corners(moved, name, end=axes.end)),
            )
            for name, (colour, dashes) in zip(names, styles(len(names)), strict=True)
        ),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{mark} %") for mark in (0, 25, 50, 75, 100)),
        x_marks=time_marks(axes),
        headings=("after", *names),
        rows=tuple(
            (_after(view, at), *(f"{shares[name]} %" for name in names)) for at, shares in moved
        ),
    )


def _moves(view: ReleaseView, names: list[str]) -> list[tuple[float, dict[str, int]]]:
    """When shares were set to what, by the log; each change once."""
    found: list[tuple[float, dict[str, int]]] = []
    for entry in view.log:
        shares = {name: entry.after.get(name, 0) for name in names}
        if not found or shares != found[-1][1]:
            found.append((entry.at, shares))
    return found


def _corners(
    moved: list[tuple[float, dict[str, int]]], name: str, *, end: float
) -> list[tuple[float, float]]:
    levels = [(at, float(shares[name])) for at, shares in moved]
    return [*steps(levels), (end, levels[-1][1])] if levels else []


def _told(shares: dict[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in shares.items())


def _after(view: ReleaseView, at: float) -> str:
    return f"{(at - view.started_at) / 60:.1f} min"
