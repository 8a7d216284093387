"""Outcomes of files are credited and counted once, whatever dies in between."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.imports import (
    SERVED,
    DiedError,
    FakeFile,
    ImportWorld,
    an_id,
    json_lines,
)
from tidegate.outcomefiles.importing import CHUNK_LINES, run_import
from tidegate.outcomefiles.progress import SHOWN_REFUSALS, Progress, State
from tidegate.ports import Credit
from tidegate.prediction_id import fingerprint, sign
from tidegate.signing import SigningKeys

WINDOW = samples.PLAN.outcome_window_seconds


def run(
    world: ImportWorld,
    file: FakeFile,
    *,
    out_of_time: Callable[[], bool] = lambda: False,
    fate: Callable[[str], None] = lambda _: None,
) -> Progress:
    """One run of an import."""
    return run_import(world.ports(fate), file, out_of_time=out_of_time)


@pytest.fixture
def world() -> ImportWorld:
    """A deployed model."""
    return ImportWorld()


def test_every_outcome_of_a_file_is_credited_and_counted(world: ImportWorld):
    """More than one chunk of them; the result says how many."""
    ids = [an_id(n) for n in range(2 * CHUNK_LINES + 5)]
    file = FakeFile(json_lines(ids))
    progress = run(world, file)
    assert (progress.state, progress.lines) == (State.DONE, len(ids))
    assert progress.counts == {"credited": len(ids)}
    assert world.counted() == {"known": len(ids), "wrong": len(ids)}
    assert file.results == [progress]


def test_a_csv_file_is_read_by_its_header(world: ImportWorld):
    """Whatever the order of its columns; a file of a spreadsheet begins with a mark."""
    content = f"\ufefflabel,wrong,prediction_id\r\nx,true,{an_id(1)}\r\n\r\ny,False,{an_id(2)}\r\n"
    progress = run(world, FakeFile(content.encode(), name="labels.csv"))
    assert progress.counts == {"credited": 2}
    assert world.counted() == {"known": 2, "wrong": 1}


def test_refused_lines_are_told_by_reason_without_what_they_say(world: ImportWorld):
    """Each as the API would refuse it."""
    world.ledger.credit(fingerprint("1"), Credit(expires_at=0, wrong=True))
    forged = sign(SERVED, SigningKeys(current="k1", keys={"k1": b"another key"}))
    ids = [
        *(an_id(0), an_id(1), an_id(2), an_id(2)),
        *(forged, an_id(3, model="gone"), an_id(4, served_at=samples.START - WINDOW)),
    ]
    content = json_lines(ids) + b"no json\n"
    file = FakeFile(json_lines([an_id(100 + n) for n in range(100)]) + content)
    progress = run(world, file)
    assert progress.counts == {
        "credited": 102,
        "duplicate": 2,
        "forged": 1,
        "orphan": 1,
        "late": 1,
        "malformed": 1,
    }
    told = {one.line: one.reason for one in progress.refused}
    assert told == {
        102: "duplicate",
        104: "duplicate",
        105: "forged",
        106: "orphan",
        107: "late",
        108: "malformed",
    }
    result = json.dumps(progress.to_json())
    assert not any(one in result for one in ids)
    assert world.refused.counts["-", "malformed"] == 1


def test_only_the_first_refusals_are_told(world: ImportWorld):
    """The result stays small; all are counted."""
    ids = [an_id(n, model="gone") for n in range(200)]
    progress = run(world, FakeFile(json_lines(ids)))
    assert progress.counts == {"orphan": 200}
    assert [one.line for one in progress.refused] == list(range(1, SHOWN_REFUSALS + 1))


@pytest.mark.parametrize(
    ("name", "content", "faults"),
    [
        ("labels.txt", b"{}", ["the name must end in one of"]),
        ("labels.csv", b"id,wrong\n1,true\n", ["line 1: the header must name one column"]),
        ("labels.csv", b"prediction_id,wrong\n", ["the file has no outcome"]),
        ("labels.jsonl", b"", ["the file has no outcome"]),
        (
            "labels.jsonl",
            b'{"prediction_id": "a.b", "wrong": true}\n5\n{"wrong": 1}\n',
            ["line 2: no JSON object", "line 3: prediction_id must be text"],
        ),
    ],
)
def test_a_malformed_file_is_refused_whole(
    world: ImportWorld, name: str, content: bytes, faults: list[str]
):
    """With all faults of its first lines, and nothing of it is credited."""
    file = FakeFile(content, name=name)
    progress = run(world, file)
    assert progress.state is State.REFUSED
    assert len(progress.faults) == len(faults)
    assert all(fault in told for fault, told in zip(faults, progress.faults, strict=True))
    assert world.ledger.credited == {}
    assert file.results == [progress]


def test_a_file_that_breaks_off_says_where(world: ImportWorld):
    """What was credited stays so; mended, the file is another one, and those are duplicates."""
    content = json_lines([an_id(n) for n in range(3 * CHUNK_LINES)])
    progress = run(world, FakeFile(content, breaks_at=len(content) // 2))
    assert progress.state is State.BROKEN
    assert progress.counts == {"credited": CHUNK_LINES}
    assert progress.faults == (f"after line {CHUNK_LINES}: it is no valid gzip",)
    mended = run(world, FakeFile(content, name="mended.jsonl"))
    assert mended.counts == {"credited": 2 * CHUNK_LINES, "duplicate": CHUNK_LINES}


def test_an_import_out_of_time_is_continued(world: ImportWorld):
    """From where it was: a run a chunk."""
    ids = [an_id(n) for n in range(3 * CHUNK_LINES)]
    file = FakeFile(json_lines(ids))
    states = [run(world, file, out_of_time=lambda: True) for _ in range(4)]
    assert [p.state.over for p in states] == [False, False, False, True]
    assert [p.lines // CHUNK_LINES for p in states] == [1, 2, 3, 3]
    assert world.counted()["known"] == len(ids)
    assert len(file.results) == 1


def test_a_file_that_is_put_again_changes_nothing(world: ImportWorld):
    """An event that comes twice is one import."""
    file = FakeFile(json_lines([an_id(n) for n in range(10)]))
    assert run(world, file) == run(world, file)
    assert world.counted()["known"] == 10
    assert len(file.results) == 2


def test_the_same_outcomes_in_another_file_are_duplicates(world: ImportWorld):
    """The ledger decides."""
    content = json_lines([an_id(n) for n in range(10)])
    run(world, FakeFile(content))
    assert run(world, FakeFile(content, name="b.jsonl")).counts == {"duplicate": 10}
    assert world.counted()["known"] == 10


def test_a_repetition_in_a_later_chunk_is_a_duplicate(world: ImportWorld):
    """A chunk's own claims are no other chunk's."""
    ids = [an_id(n) for n in range(CHUNK_LINES)]
    progress = run(world, FakeFile(json_lines([*ids, *ids])))
    assert progress.counts == {"credited": CHUNK_LINES, "duplicate": CHUNK_LINES}


@given(deaths=st.lists(st.integers(0, 40), max_size=12))
def test_whoever_dies_anywhere_loses_nothing_and_counts_nothing_twice(deaths: list[int]):
    """Killed before or after any of its calls, as often as may be, then run to its end."""
    world = ImportWorld()
    ids = [an_id(n) for n in range(3)] * 2 + [an_id(9, model="gone")]
    content = json_lines(ids)

    def once(steps: int | None) -> Progress | None:
        left = [steps]

        def fate(_: str) -> None:
            if left[0] is None:
                return
            if left[0] == 0:
                raise DiedError
            left[0] -= 1

        try:
            return run(world, FakeFile(content), fate=fate)
        except DiedError:
            return None

    for steps in deaths:
        once(steps)
    progress = once(None)
    assert progress is not None
    assert progress.counts == {"credited": 3, "duplicate": 3, "orphan": 1}
    assert world.counted() == {"known": 3, "wrong": 3}


def test_a_long_file_needs_the_memory_of_one_chunk():
    """The file is never in memory as a whole; the ledger of this test is, and is left out."""

    class Endless(FakeFile):
        """Lines that are made while they are read."""

        @contextmanager
        def parts(self, *, position: int) -> Iterator[Iterator[bytes]]:
            line = b'{"prediction_id": "' + b"x" * 180 + b'.y", "wrong": true}\n'
            yield iter([line * 100] * (0 if position else 200))

    world = ImportWorld()
    tracemalloc.start()
    try:
        progress = run(world, Endless(b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert progress.counts == {"forged": 20_000}
    assert peak < 6_000_000


def test_a_plan_is_read_once_a_minute(world: ImportWorld):
    """A deploy in between is seen soon."""
    file = FakeFile(json_lines([an_id(n) for n in range(2 * CHUNK_LINES)]))
    run(world, file, out_of_time=lambda: True)
    plan = replace(samples.PLAN, outcome_window_seconds=60)
    world.store.put_declaration(samples.declaration(plan=plan))
    assert run(world, file).counts == {"credited": CHUNK_LINES, "late": CHUNK_LINES}
