"""What a monitor found, in words and a table."""

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from cli.html import moment

MOST_ROWS = 15
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
