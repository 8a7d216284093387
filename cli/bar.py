"""A bar for work that is counted: on standard error, where there is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.output import ERRORS, note


@contextmanager
def counted(what: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """A function that counts what is done while the block runs; elsewhere one line says what is."""
    if not ERRORS.is_terminal:
        note(f"{what}: {total:,}")
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=ERRORS, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
