"""The table of least privilege as text: on the terminal, and as a page of the reference."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cli.privileges.table import NEITHER, PROVEN, REQUIRED, RoleTable, Row, counted

_HEAD = Path(__file__).with_name("page_head.md")


def role_lines(table: RoleTable) -> Iterator[str]:
    """One role for the terminal: a line a right."""
    yield f"{table.role} ({table.taken_by})"
    for row in table.rows:
        yield f"  {row.right.action} on {row.right.resource}: {_proof(row)}"


def _proof(row: Row) -> str:
    if row.story is not None:
        return f"{PROVEN} by {row.story}"
    return NEITHER if row.source is None else f"{REQUIRED}: {row.source}"


def page(tables: Sequence[RoleTable]) -> str:
    """The page of the reference."""
    sources = sorted({r.source for t in tables for r in t.rows if r.source is not None})
    numbers = {source: number for number, source in enumerate(sources, start=1)}
    count = counted(tables)
    told = f"{len(tables)} roles, {sum(count.values())} rights: " + ", ".join(
        f"{number} {verdict}" for verdict, number in count.items() if number
    )
    parts = [_HEAD.read_text(encoding="utf-8") + told + ".\n"]
    parts += ["\n".join(_section(table, numbers)) + "\n" for table in tables]
    listed = [f"{number}. {source}" for source, number in numbers.items()]
    parts.append("## Sources\n\n" + "\n".join(listed) + "\n")
    return "\n".join(parts)


def _section(table: RoleTable, numbers: Mapping[str, int]) -> Iterator[str]:
    yield f"## {table.role}"
    yield ""
    yield f"Taken by `{table.taken_by}`."
    yield ""
    yield "| action | on | proof |"
    yield "| --- | --- | --- |"
    for row in table.rows:
        yield f"| `{row.right.action}` | `{row.right.resource}` | {_cell(row, numbers)} |"


def _cell(row: Row, numbers: Mapping[str, int]) -> str:
    if row.story is not None:
        return f"`{row.story}`"
    return f"**{NEITHER}**" if row.source is None else f"[{numbers[row.source]}](#sources)"
