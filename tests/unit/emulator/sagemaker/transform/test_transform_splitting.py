"""How objects are cut into mini-batches."""

import gzip
import itertools
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.transform import reading, splitting
from emulator.sagemaker.transform.reading import BadGzipError, gunzipped, next_group
from emulator.sagemaker.transform.splitting import TooMuchDataError

LIMIT = 12
Cut = Callable[[Iterable[bytes], int], Iterator[bytes]]
LINES = st.lists(st.binary(max_size=LIMIT - 1).filter(lambda line: b"\n" not in line))
OBJECTS = st.tuples(LINES, st.sampled_from([b"", b"\n"])).map(lambda d: b"\n".join(d[0]) + d[1])


@st.composite
def chunked(draw: st.DrawFn) -> list[bytes]:
    """The bytes of an object in pieces of any size."""
    body = draw(OBJECTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=6)))
    ends = [0, *cuts, len(body)]
    return [body[start:end] for start, end in itertools.pairwise(ends)]


@given(chunked())
def test_batches_are_the_object_again(chunks: list[bytes]):
    """Nothing is lost, added or cut in the middle of a line, wherever the chunks were cut."""
    for cut in (splitting.lines, splitting.full_batches):
        batches = list(cut(chunks, LIMIT))
        assert b"".join(batches) == b"".join(chunks)
        assert all(0 < len(batch) <= LIMIT for batch in batches)
        assert all(batch.endswith(b"\n") for batch in batches[:-1])


@given(chunked())
def test_a_single_record_is_one_line(chunks: list[bytes]):
    """SingleRecord sends each line alone."""
    batches = list(splitting.lines(chunks, LIMIT))
    assert batches == b"".join(chunks).splitlines(keepends=True) or b"\r" in b"".join(chunks)
    assert all(batch.count(b"\n") <= 1 for batch in batches)


@given(chunked())
def test_batches_are_as_full_as_they_can_be(chunks: list[bytes]):
    """MultiRecord: the first line of the next batch would not have fitted."""
    batches = list(splitting.full_batches(chunks, LIMIT))
    for batch, following in itertools.pairwise(batches):
        first = following[: following.find(b"\n") + 1] or following
        assert len(batch) + len(first) > LIMIT


@pytest.mark.parametrize("cut", [splitting.lines, splitting.full_batches, splitting.whole])
@pytest.mark.parametrize("body", [b"x" * 13, b"short\n" + b"x" * 12 + b"\n"])
def test_a_record_above_the_limit_is_refused(cut: Cut, body: bytes):
    """Also when its end never comes: the reader must not collect it."""
    with pytest.raises(TooMuchDataError, match="Too much data for max payload size"):
        list(cut([body], 12))


def test_an_endless_line_is_not_collected():
    """The cutter stops reading at the limit."""
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 8

    for cut in (splitting.lines, splitting.full_batches, splitting.whole):
        read.clear()
        with pytest.raises(TooMuchDataError):
            list(cut(endless(), LIMIT))
        assert len(read) == 2


def test_an_unsplit_object_is_one_batch():
    """SplitType None; an empty object is none."""
    assert list(splitting.whole([b"a\n", b"", b"b"], LIMIT)) == [b"a\nb"]
    assert list(splitting.whole([b""], LIMIT)) == []


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=3), st.integers(1, 50))
def test_gzip_of_several_members_is_read(members: list[bytes], step: int):
    """As `cat a.gz b.gz` makes it, however the chunks are cut."""
    body = b"".join(gzip.compress(member) for member in members)
    chunks = [body[start : start + step] for start in range(0, len(body), step)]
    assert b"".join(gunzipped(chunks)) == b"".join(members)


def test_gzip_is_unpacked_in_pieces(monkeypatch: pytest.MonkeyPatch):
    """A small file that unpacks to a large one never is in memory as a whole."""
    monkeypatch.setattr(reading, "CHUNK_BYTES", 1000)
    pieces = list(gunzipped([gzip.compress(b"\0" * 100_000)]))
    assert max(len(piece) for piece in pieces) <= 1000
    assert sum(len(piece) for piece in pieces) == 100_000


@pytest.mark.parametrize(
    "body", [b"no gzip at all", gzip.compress(b"data" * 100)[:-9]], ids=["other", "cut"]
)
def test_what_is_no_whole_gzip_is_refused(body: bytes):
    """Garbage, and a file whose end is missing."""
    with pytest.raises(BadGzipError, match="no whole gzip file, as CompressionType says"):
        list(gunzipped([body]))


def test_groups_are_about_one_payload():
    """Large mini-batches go alone, small ones together but not too many."""
    assert next_group(iter([b"x" * 9, b"y"]), 12, 10) == [b"x" * 9]
    assert next_group(iter([b"ab"] * 9), 12, 10) == [b"ab"] * 4
    assert next_group(iter([b"a"] * 9), 1000, 3) == [b"a"] * 3
    assert next_group(iter([]), 12, 3) == []
