"""The table of services on a terminal, and as a page: `python -m cli.service_words` writes it."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from cli.synth import ROOT
from gate.lifecycle import Service, as_of, services

PAGE = ROOT / "docs" / "reference" / "aws-services.md"
_HEAD = """\
# Services of AWS, and which of them are closed

What a new account gets, as AWS's documentation had it on {as_of}. `tidegate services` prints it;
`tidegate check` refuses types of closed services in templates, and tells of their clients in code.
This page is written by `python -m cli.service_words`.

| service | for | how it stands | take instead | source |
| --- | --- | --- | --- | --- |
"""


def services_table(rows: Sequence[Service]) -> Table:
    """A row a service; what is not open is told with what to take instead."""
    table = Table(box=None, pad_edge=False)
    for heading in ("service", "for", "how it stands", "take instead"):
        table.add_column(heading)
    for one in rows:
        table.add_row(one.name, one.job, standing(one), _instead(one))
    return table


def standing(one: Service) -> str:
    """How a service stands, with what else one should know."""
    return one.told if one.note is None else f"{one.told}; {one.note}"


def _instead(one: Service) -> str:
    return "" if one.instead is None else one.instead


def page() -> str:
    """The page of the reference."""
    return _HEAD.format(as_of=as_of()) + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for one in services():
        cells = (one.name, one.job, standing(one), _instead(one), one.source)
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
