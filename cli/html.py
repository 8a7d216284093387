"""HTML pages: each self-contained, with charts, and opens without a network.

The charts are inline SVG, drawn in `cli/charts.py`; the templates only place them. Every chart has
its figures as a table beside it.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from jinja2 import (
    BaseLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    Template,
    select_autoescape,
)

from cli import arms
from cli.arm_charts import shares_chart
from cli.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, charts_of
from cli.pairs import differing_words, pairs_of
from cli.promise import promise_of
from cli.screen import (
    bounds,
    duration,
    milliseconds,
    mixed_words,
    percent,
    quantile_name,
    reached_share,
    steps_words,
    within,
)
from tidegate.view import ReleaseView

_FRAME = {
    "width": WIDTH,
    "height": HEIGHT,
    "left": LEFT,
    "right": WIDTH - RIGHT,
    "top": TOP,
    "bottom": HEIGHT - BOTTOM,
}


def write_report(path: Path, views: Sequence[ReleaseView], *, title: str, note: str = "") -> None:
    """Write the page of these releases; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report_page(views, title=title, note=note), encoding="utf-8")


def report_page(views: Sequence[ReleaseView], *, title: str, note: str = "") -> str:
    """The page of these releases."""
    template = page_template("report.html.j2")
    return template.render(title=title, note=note, views=[(view, _charts(view)) for view in views])


def _charts(view: ReleaseView) -> tuple[Chart, ...]:
    """The charts of a release; of an A/B test the shares of all arms in one."""
    charts = charts_of(view)
    return charts if view.ab_test is None or not charts else (charts[0], shares_chart(view))


def page_template(name: str) -> Template:
    """A template of `cli/templates`, with the words and figures that every page uses."""
    return page_environment(PackageLoader("cli", "templates")).get_template(name)


def page_environment(loader: BaseLoader) -> Environment:
    """Templates from anywhere, with the words and figures that every page uses."""
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        milliseconds=milliseconds,
        moment=moment,
        duration=duration,
        reached=reached_share,
    )
    environment.globals.update(
        arms=arms,
        bounds=bounds,
        quantile_name=quantile_name,
        within=within,
        frame=_FRAME,
        steps_words=steps_words,
        pairs_of=pairs_of,
        differing_words=differing_words,
        promise_of=promise_of,
        mixed_words=mixed_words,
    )
    return environment


def moment(at: float | None) -> str:
    """A moment of the cloud's clock as people read it, in UTC; a dash where there is none."""
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
