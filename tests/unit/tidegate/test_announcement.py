"""What people and dashboards are told of a change of a release."""

import json
from dataclasses import replace

import pytest

from tests import samples
from tidegate.announcement import (
    LONGEST_SUBJECT,
    Announcement,
    Where,
    announcement_of,
    metrics_of,
    progress_percent,
)
from tidegate.release import LogEntry, Phase
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind

WHERE = Where(project="shop", stage="prod", dashboard_url="https://example.com/d")
HARM = Evidence(
    metric="errors",
    claim=Claim.HARM,
    log_evidence=7.0,
    log_limit=4.6,
    live_rate=0.004,
    candidate_rate=0.05,
)
SAFE = replace(HARM, claim=Claim.SAFE, log_evidence=1.5, log_limit=3.0)
VERDICT = Verdict(
    kind=VerdictKind.ROLL_BACK,
    reason="errors of v2 are 5 %",
    evidence=(HARM, SAFE),
    candidate_requests=1_200,
)
OVER = replace(
    samples.record(),
    phase=Phase.ROLLED_BACK,
    verdict=VERDICT,
    looks=3,
    decided_at=samples.START + 90.0,
    restored_at=samples.START + 95.0,
    finished_at=samples.START + 96.0,
)
ENTRY = LogEntry(
    at=0.0,
    who="release machine",
    what="roll back",
    why="errors of v2 are 5 %",
    before={"blue": 75, "green": 25},
    after={"blue": 100, "green": 0},
)


def told(entry: LogEntry = ENTRY, **changes: object) -> Announcement:
    """What is told of an entry."""
    record = replace(OVER, **changes)  # type: ignore[arg-type]
    return announcement_of(record, entry, sequence="00000301", where=WHERE)


def test_the_subject_says_what_happened_to_whom():
    """Without opening the message."""
    assert told().subject == "[shop-prod] flights v2: roll back, 25 % -> 0 %"


@pytest.mark.parametrize("what", ["é\n→" * 5, "x" * 300])
def test_a_subject_is_one_that_sns_takes(what: str):
    """Printable ASCII, at most a hundred characters."""
    subject = told(replace(ENTRY, what=what)).subject
    assert len(subject) <= LONGEST_SUBJECT
    assert subject.isascii()
    assert subject.isprintable()


def test_the_text_says_from_what_to_what_why_who_and_where_to_look():
    """All that a person needs at night."""
    text = told().text
    for said in (
        "What:     roll back",
        "v2 in green: 25 % -> 0 %",
        "v1 in blue: 75 % -> 100 %",
        "Why:      errors of v2 are 5 %",
        "Who:      release machine",
        "When:     1970-01-01 00:00:00 UTC",
        "after look 3, the candidate served 1 200 requests",
        "errors harm: 100 %; live 0.40 %, candidate 5.00 %",
        f"tidegate release watch {OVER.release_id}",
        "https://example.com/d",
    ):
        assert said in text, text


def test_a_release_without_a_verdict_says_so():
    """Too little evidence is told, never left out."""
    assert "no interval was judged yet" in told(verdict=None).text


def test_the_detail_is_json_with_shares_versions_and_verdict():
    """For programs, which need not ask back; a repeated announcement has the same id."""
    detail = json.loads(json.dumps(told().detail))
    assert detail["id"] == told().id == f"{OVER.release_id}/00000301"
    assert (detail["before"], detail["after"]) == ({"blue": 75, "green": 25}, ENTRY.after)
    assert detail["candidate"] == {
        "slot": "green",
        "version": samples.version("v2").digest,
        "label": "v2",
    }
    assert detail["verdict"]["reason"] == "errors of v2 are 5 %"


@pytest.mark.parametrize(
    ("evidence", "limit", "percent"),
    [(0.0, 4.0, 0), (-3.0, 4.0, 0), (2.0, 4.0, 50), (3.999, 4.0, 99), (4.0, 4.0, 100)],
)
def test_progress_is_a_hundred_only_when_the_limit_is_reached(
    evidence: float, limit: float, percent: int
):
    """And never below nothing."""
    item = replace(HARM, log_evidence=evidence, log_limit=limit)
    assert progress_percent(item) == percent


def test_every_written_record_has_its_figures():
    """Shares by slot, exposure, verdict and evidence by claim; the end once it is over."""
    named = {
        (name, *sorted(metric.dimensions.items())): number
        for metric in metrics_of(OVER)
        for name, number in metric.values.items()
    }
    model = ("Model", "flights")
    assert named == {
        ("SharePercent", model, ("Slot", "blue")): 100,
        ("SharePercent", model, ("Slot", "green")): 0,
        ("CandidateRequests", model): 1_200,
        ("Verdicts", model, ("Verdict", "roll-back")): 1,
        ("EvidencePercent", ("Claim", "errors harm"), model): 100,
        ("EvidencePercent", ("Claim", "errors safe"), model): 50,
        ("Promoted", model): 0,
        ("ReleaseSeconds", model): OVER.finished_at - OVER.started_at,  # type: ignore[operator]
        ("RestoreSeconds", model): 5,
    }


def test_a_release_that_goes_on_has_no_end():
    """No promotion is a fact only once it is over."""
    names = {name for metric in metrics_of(samples.record()) for name in metric.values}
    assert names == {"SharePercent"}
