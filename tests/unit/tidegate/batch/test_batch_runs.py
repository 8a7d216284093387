"""Whole runs in memory: nothing lost, nothing doubled, all counted, wherever they die."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.batch_fakes import BUCKET, DiedError, FakeBatch, numbered, plan_of, version
from tidegate.batch.run import Purpose, Status
from tidegate.errors import InvalidValueError

RUN = {"run": "r1", "because": "a test"}


def poisoned(*stores: int) -> Callable[[str], str]:
    """A model that fails on these stores."""

    def answer(line: str) -> str:
        store, price = line.split(",")
        if int(store) in stores:
            raise ValueError(store)
        return price

    return answer


def test_every_record_has_its_answer():
    """Two objects, no fault: one job, each record once."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(30))
    batch.put("b.csv", numbered(20, first=100))

    record = batch.run(RUN)

    assert (record.status, record.records, record.out, record.failed) == (Status.DONE, 50, 50, 0)
    asked = (numbered(30) + numbered(20, first=100)).splitlines()
    assert sorted(f"{line},{line.split(',')[1]}" for line in asked) == batch.results("r1")
    assert len(batch.jobs.jobs) == 1


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=4),
    bad=st.sets(st.integers(0, 1_000), max_size=6),
)
def test_poisoned_records_are_kept_apart_one_by_one(sizes: list[int], bad: set[int]):
    """Whatever fails is named with its object and line, and nothing else is missing."""
    batch = FakeBatch(plan_of(failed_percent=100.0))
    batch.jobs.answer = poisoned(*bad)
    lines, first = [], 0
    for number, size in enumerate(sizes):
        batch.put(f"{number}.csv", numbered(size, first=first))
        lines += [(f"{number}.csv", n, line) for n, line in enumerate(_lines(size, first), 1)]
        first += size
    hit = [(o, n, line) for o, n, line in lines if int(line.split(",")[0]) in bad]

    record = batch.run(RUN)

    if len(hit) == len(lines):
        assert record.status is Status.FAILED
        return
    assert record.status is Status.DONE, record.why
    assert (record.out, record.failed) == (len(lines) - len(hit), len(hit))
    kept = [json.loads(line) for line in _failed(batch)]
    assert sorted((one["object"], one["line"], one["record"]) for one in kept) == sorted(hit)
    results = batch.results("r1")
    good = [line for one in lines if one not in hit for line in [one[2]]]
    assert sorted(f"{line},{line.split(',')[1]}" for line in good) == results


def _lines(size: int, first: int) -> list[str]:
    return numbered(size, first=first).splitlines()


def _failed(batch: FakeBatch) -> list[str]:
    texts = [t for (_, key), t in batch.objects.content.items() if key.startswith("failed/")]
    return [line for text in texts for line in text.decode().splitlines()]


def test_a_run_may_die_at_any_call_and_comes_to_the_same_end():
    """Killed at each call to S3 or the table in turn, then resumed: same results, no job twice."""
    whole = _with_poison(dies_at=None)
    expected = whole.run(RUN)
    calls = whole.mortal.calls
    assert calls > 50

    for dies_at in range(1, calls + 1):
        batch = _with_poison(dies_at=dies_at)
        with pytest.raises(DiedError):
            batch.run(RUN)
        record = batch.run(RUN, execution="two")
        assert (record.status, record.out, record.failed) == (
            expected.status,
            expected.out,
            expected.failed,
        ), f"died at call {dies_at}"
        assert batch.results("r1") == whole.results("r1")
        assert sorted(_failed(batch)) == sorted(_failed(whole))
        assert batch.jobs.asked == whole.jobs.asked, "a record was paid for twice"


def _with_poison(*, dies_at: int | None) -> FakeBatch:
    batch = FakeBatch(dies_at=dies_at)
    batch.jobs.answer = poisoned(3, 104)
    batch.put("a.csv", numbered(9))
    batch.put("b.csv", numbered(7, first=100))
    return batch


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text + b"1,2,3\n",
        lambda text: b"\n".join(reversed(text.splitlines())) + b"\n",
        lambda text: text.replace(b"1,1.5,1.5", b"1,1.5,"),
    ],
    ids=["half-written", "one too many", "another order", "an empty answer"],
)
def test_a_result_that_is_not_of_its_records_is_made_again(
    spoil: Callable[[bytes], bytes],
):
    """It is not believed, and is gone before the next round writes."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(12))
    batch.put("b.csv", numbered(5, first=100))
    run = batch.jobs.run
    spoilt: list[bytes] = []

    def spoiling(job: Mapping[str, Any]) -> None:
        run(job)
        key = (BUCKET, "results/r1/a.csv.out")
        if not spoilt:
            spoilt.append(batch.objects.content[key])
            batch.objects.content[key] = spoil(batch.objects.content[key])

    batch.jobs.run = spoiling  # type: ignore[method-assign]
    record = batch.run(RUN)

    assert (record.status, record.out) == (Status.DONE, 17)
    assert len(batch.results("r1")) == len(set(batch.results("r1"))) == 17


def test_a_model_that_answers_nothing_is_given_up_soon():
    """Two rounds without a result are the model's fault: no further job is paid for."""
    batch = FakeBatch(plan_of(failed_percent=100.0))
    batch.jobs.answer = poisoned(*range(2_000))
    batch.put("a.csv", numbered(2_000))

    record = batch.run(RUN)

    assert record.status is Status.FAILED
    assert "it is the model that fails" in record.why
    assert (record.out, record.failed, record.open) == (0, 0, 2_000)
    assert len(batch.jobs.jobs) == 2


def test_more_failed_records_than_allowed_fail_the_run_and_keep_what_there_is():
    """The limit is of the project file, and the reason names both figures."""
    batch = FakeBatch(plan_of(failed_percent=1.0))
    batch.jobs.answer = poisoned(1, 2, 3)
    batch.put("a.csv", numbered(100))

    record = batch.run(RUN)

    assert record.status is Status.FAILED
    assert "1 % are allowed" in record.why
    assert record.out + record.failed + record.open == record.records == 100


def test_an_object_that_is_replaced_during_a_run_is_not_believed():
    """The answers would be those of other records."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(5))
    run = batch.jobs.run

    def replacing(job: Mapping[str, Any]) -> None:
        run(job)
        batch.put("a.csv", numbered(5, first=50))

    batch.jobs.run = replacing  # type: ignore[method-assign]
    with pytest.raises(Exception, match="was replaced"):
        batch.run(RUN)


def test_the_report_prices_the_instances_and_says_that_it_estimates():
    """Two instances for 360 seconds at half a dollar an hour."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(5))

    record = batch.run(RUN)

    assert record.usd == pytest.approx(0.1)
    report = batch.document("runs/r1/report.json")
    assert report["cost"] == {"usd": record.usd, "estimate": True, "said": "an estimate"}


def test_a_price_that_is_not_known_is_not_nothing():
    """It is said to be unknown."""
    batch = FakeBatch(plan_of(usd_per_hour=None))
    batch.put("a.csv", numbered(5))

    assert batch.run(RUN).usd is None


def test_a_run_says_which_run_of_which_model_fed_it():
    """Lineage comes with the event of the other model's run, and goes on in its own."""
    batch = FakeBatch()
    batch.objects.content["upstream", "results/u7/a.csv.out"] = b"1,2\n"
    event = {
        "model": "prices",
        "run": "u7",
        "version": {"digest": "d", "label": "v9"},
        "results": "s3://upstream/results/u7/",
        "manifest": "s3://upstream/runs/u7/manifest.json",
    }

    record = batch.run(event)

    assert record.status is Status.DONE
    assert (record.lineage["model"], record.lineage["run"]) == ("prices", "u7")
    (told,) = batch.news.told
    assert told.detail()["lineage"]["version"] == {"digest": "d", "label": "v9"}


def test_the_same_start_told_twice_is_one_run():
    """An execution that is repeated finds its own run."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(5))
    first = batch.run({"because": "a schedule"}, execution="e1")
    again = batch.run({"because": "a schedule"}, execution="e1")

    assert first == again
    assert first.run.startswith("20261129t205112-")


def test_a_run_is_not_resumed_with_another_version_than_it_began_with():
    """Its results would be of two versions."""
    batch = FakeBatch(dies_at=20)
    batch.put("a.csv", numbered(5))
    with pytest.raises(DiedError):
        batch.run(RUN)
    held = {**batch.plan.slots}
    (blue, *_) = held
    held[blue] = type(held[blue])(version=version("v3"), sagemaker_model="other")
    batch.plan = plan_of(slots=held)

    with pytest.raises(InvalidValueError, match="start a new run"):
        batch.run(RUN, execution="two")


def compare(batch: FakeBatch) -> dict[str, Any]:
    """The comparison of v2 with v1."""
    batch.run({"run": "r2", "purpose": "compare", "because": "a test"})
    found = batch.document("runs/r2/comparison.json")
    assert isinstance(found, dict)
    return found


def test_a_version_that_answers_alike_takes_over():
    """The pointer moves once, and the next run takes the new version."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(3_000))
    batch.run(RUN)

    assert compare(batch)["verdict"] == "take-over"

    assert batch.runs.live is not None
    assert (batch.runs.live["slot"], batch.runs.live["generation"]) == ("green", 1)
    assert batch.runs.records["r2"].purpose is Purpose.COMPARE
    assert batch.run({"run": "r3", "because": "next"}).label == "v2"


def test_a_version_that_answers_otherwise_is_refused():
    """The live one stays, and the figures say why."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(3_000))
    batch.run(RUN)
    batch.jobs.answer = lambda line: f"{float(line.split(',')[1]) + 9}"

    found = compare(batch)

    assert (found["verdict"], found["agreement"]["share"]) == ("refuse", 0.0)
    assert found["shift"]["largest"] == 1.0
    assert batch.runs.live is not None
    assert batch.runs.live["slot"] == "blue"


def test_too_few_records_hold():
    """Ten like answers are no proof: said so, and the live one stays."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(10))
    batch.run(RUN)

    found = compare(batch)

    assert found["verdict"] == "hold"
    assert "too few records to be sure" in found["reason"]
    assert batch.runs.live is not None
    assert batch.runs.live["slot"] == "blue"


def test_a_comparison_over_other_data_is_refused():
    """Both versions must have been asked the same."""
    batch = FakeBatch()
    batch.put("a.csv", numbered(10))
    batch.run(RUN)
    batch.put("a.csv", numbered(11))

    with pytest.raises(InvalidValueError, match="has changed"):
        compare(batch)


def test_a_comparison_dies_anywhere_and_moves_the_pointer_once():
    """Killed at each call after the live version's run, and resumed."""
    whole = FakeBatch()
    whole.put("a.csv", numbered(60))
    whole.run(RUN)
    before = whole.mortal.calls
    event = {"run": "r2", "purpose": "compare", "because": "a test"}
    whole.run(event)

    for dies_at in range(before + 1, whole.mortal.calls + 1):
        batch = FakeBatch(dies_at=dies_at)
        batch.put("a.csv", numbered(60))
        batch.run(RUN)
        with pytest.raises(DiedError):
            batch.run(event)
        record = batch.run(event, execution="two")
        assert (record.status, record.verdict) == (Status.DONE, "hold"), record.why


def test_two_like_versions_have_nothing_to_compare():
    """Both slots hold the same after a first deploy."""
    held = dict.fromkeys(plan_of().slots, next(iter(plan_of().slots.values())))
    batch = FakeBatch(plan_of(slots=held))

    with pytest.raises(InvalidValueError, match="both slots hold v1"):
        batch.started({"run": "r2", "purpose": "compare"})
