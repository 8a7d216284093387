"""What a monitor found, in words and a table."""

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from cli.html import moment
from tidegate.monitoring.baseline import Baseline

MOST_ROWS = 15
WORST_SLICES = 5
CERTAIN = 12.0
"""Powers of ten beyond which odds are all the same to people."""


def headline(view: dict[str, Any]) -> str:
    """The verdict in a line."""
    return f"{view['model']}: {view['word']}, {view['reason']}"


def odds(log_evidence: float) -> str:
    """How much evidence there is against 'all is as it was'."""
    tens = log_evidence / math.log(10)
    if tens < 0.3:
        return "none"
    return f"10^{min(tens, CERTAIN):.0f} : 1" if tens >= 3 else f"{10**tens:.0f} : 1"


def percent(share: float | None) -> str:
    """A share with a decimal."""
    return "-" if share is None else f"{100 * share:.1f} %"


def decimal(figure: float | None) -> str:
    """A figure with three decimals."""
    return "-" if figure is None else f"{figure:.3f}"


def odds_of_slice(one: dict[str, Any]) -> str:
    """The strongest evidence against any of a slice, in parts of what a finding needs."""
    evidence = one["evidence"]
    return "found" if evidence >= 0 else f"{percent(math.exp(evidence))} of a finding"


def quality_lines(view: dict[str, Any]) -> list[str]:
    """How well labels were told, and by what answers are explained; nothing where it is unknown."""
    lines = []
    quality, explained = view.get("quality"), view.get("attributions")
    if quality is not None:
        now, was, joined = quality["recent"], quality["evaluation"], quality["joined"]
        bounds = quality["auc_bounds"]
        between = "" if bounds is None else f" (all along {bounds[0]:.3f} to {bounds[1]:.3f})"
        lines.append(
            f"labels: {joined['labelled']} of {joined['offered']} scores, {joined['waiting']} wait;"
            f" AUC {decimal(now['auc'])}{between}, evaluation {decimal(was['auc'])}; calibration "
            f"error {percent(now['calibration_error'])}, evaluation "
            f"{percent(was['calibration_error'])}; wrong {percent(now['wrong'])}, evaluation "
            f"{percent(was['wrong'])}"
        )
    if view.get("unwatched"):
        lines.append(f"not watched, this baseline has none of it: {', '.join(view['unwatched'])}")
    if explained is not None and explained["ndcg"] is not None:
        lines.append(
            f"attributions: ranking gain (NDCG) {explained['ndcg']:.3f}; 1 is the baseline's order"
        )
    return lines


def slices_table(slices: Sequence[dict[str, Any]]) -> Table:
    """The worst slices: by the evidence against any of their hypotheses."""
    table = Table(box=None, pad_edge=False)
    for heading in ("worst slices", "labelled", "wrong", "AUC", "calibration error", "found"):
        table.add_column(heading)
    for one in slices[:WORST_SLICES]:
        now = one["recent"]
        table.add_row(
            one["slice"],
            str(now["labelled"]),
            percent(now["wrong"]),
            decimal(now["auc"]),
            percent(now["calibration_error"]),
            ", ".join(one["found"]) or "-",
        )
    return table


def since(finding: dict[str, Any]) -> str:
    """When the change probably began; a dash for what is no finding."""
    return moment(finding["since"]) if finding["refused"] else "-"


def findings_table(findings: Sequence[dict[str, Any]]) -> Table:
    """What moved most, the most telling first."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "feature", "share", "baseline", "tolerated", "recent", "since", "odds"):
        table.add_column(heading, no_wrap=heading in ("since", "odds"))
    for one in findings[:MOST_ROWS]:
        least, most = one["tolerated"]
        table.add_row(
            one["family"] if one["refused"] else f"({one['family']})",
            one["feature"],
            one["share"],
            percent(one["baseline"]),
            f"{percent(least)} to {percent(most)}",
            percent(one["recent"]),
            since(one),
            odds(one["log_evidence"]),
        )
    return table


def evaluation_json(baseline: Baseline) -> dict[str, Any]:
    """How well the evaluation in a baseline ranked, and how far scores were from labels."""
    if baseline.evaluation is None:
        return {}
    counts = baseline.evaluation.counts
    return {
        "evaluated": round(counts.known),
        "auc": counts.auc,
        "calibration_error": counts.calibration_error,
        "wrong": counts.wrong / counts.known,
        "slices": sum(one.bins.count for one in baseline.slices.values()),
    }


def evaluation_line(baseline: Baseline) -> str:
    """The same in a line."""
    told = evaluation_json(baseline)
    return (
        f"evaluation: {told['evaluated']} rows, AUC {told['auc']:.3f}, calibration error "
        f"{percent(told['calibration_error'])}, wrong {percent(told['wrong'])}; "
        f"{told['slices']} slices"
    )
