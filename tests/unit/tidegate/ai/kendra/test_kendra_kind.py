"""Search: who finds which document, how the index follows the files, what is asked of AWS."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, FakeMetrics, FakeTime, fake_ports
from tidegate.ai.kendra import KIND
from tidegate.ai.kendra.searching import Forget, Question, forget, search
from tidegate.ai.kendra.settings import KendraSettings, faults
from tidegate.ai.kendra.syncing import begin, begin_sync, look, look_at_sync
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

READERS = {"": ("everyone",), "hr/": ("hr", "managers"), "hr/rules": ("everyone",)}
BASE = KendraSettings(readers=READERS)
LEGACY = KendraSettings(engine="kendra", enrolled=True, readers=READERS)
RESOURCES = {
    "base": "ABCDEFGHIJ",
    "source": "KLMNOPQRST",
    "index": "0123456789abcdef0123456789abcdef0123",
}
WORK = "0123456789abcdef0123456789abcdef"


@dataclass
class Index:
    """AWS's index, in memory: runs by their beginning, and passages by what they cite."""

    clock: FakeTime
    runs: list[tuple[float, str]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    busy: bool = False

    def answers(self) -> Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
        """By operation, of both engines."""
        return {
            "bedrock-agent:StartIngestionJob": self._start,
            "bedrock-agent:ListIngestionJobs": lambda _: {"ingestionJobSummaries": self._jobs()},
            "bedrock-agent:GetKnowledgeBaseDocuments": self._document,
            "bedrock-agent-runtime:Retrieve": self._retrieved,
            "kendra:StartDataSourceSyncJob": self._start,
            "kendra:ListDataSourceSyncJobs": lambda _: {"History": self._history()},
            "kendra:BatchGetDocumentStatus": self._status,
            "kendra:Retrieve": self._found,
        }

    def end(self, *, failed: bool = False) -> None:
        """The run that goes on is over."""
        began, _ = self.runs[-1]
        self.runs[-1] = (began, "failed" if failed else "done")

    def _start(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.busy or any(state == "going" for _, state in self.runs):
            raise CallRefusedError(operation="start", code="ConflictException", message="busy")
        self.runs.append((self.clock.now(), "going"))
        return {}

    def _jobs(self) -> list[Mapping[str, Any]]:
        words = {"going": "IN_PROGRESS", "done": "COMPLETE", "failed": "FAILED"}
        return [
            {
                "ingestionJobId": f"JOB{number:07}",
                "startedAt": datetime.fromtimestamp(began, UTC),
                "status": words[state],
                "statistics": {"numberOfDocumentsScanned": 3},
            }
            for number, (began, state) in reversed(list(enumerate(self.runs)))
        ]

    def _history(self) -> list[Mapping[str, Any]]:
        words = {"going": "SYNCING", "done": "SUCCEEDED", "failed": "FAILED"}
        return [
            {
                "ExecutionId": str(number),
                "StartTime": datetime.fromtimestamp(began, UTC),
                "Status": words[state],
                "Metrics": {"DocumentsScanned": "3"},
            }
            for number, (began, state) in enumerate(self.runs)
        ]

    def _document(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        uri = given["documentIdentifiers"][0]["s3"]["uri"]
        if uri in self.faults:
            return {"documentDetails": [{"status": "FAILED", "statusReason": self.faults[uri]}]}
        return {"documentDetails": [{"status": "INDEXED"}]}

    def _status(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        uri = given["DocumentInfoList"][0]["DocumentId"]
        told = {"DocumentStatus": "FAILED", "FailureReason": self.faults.get(uri)}
        return {
            "DocumentStatusList": [told if uri in self.faults else {"DocumentStatus": "INDEXED"}]
        }

    def _retrieved(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        place = {"s3Location": {"uri": "s3://files/documents/hr/pay.txt"}}
        return {"retrievalResults": [{"content": {"text": "x"}, "location": place, "score": 0.5}]}

    def _found(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        confidence = {"ScoreConfidence": "HIGH"}
        name = "s3://files/documents/hr/pay.txt"
        return {
            "ResultItems": [{"Content": "x", "DocumentId": name, "ScoreAttributes": confidence}]
        }


class Bench:
    """A service over such an index."""

    def __init__(self, settings: KendraSettings) -> None:
        self.ports: ServicePorts = fake_ports(KIND, {}, settings=settings, resources=RESOURCES)
        assert isinstance(self.ports.clock, FakeTime)
        self.clock = self.ports.clock
        self.index = Index(clock=self.clock)
        assert isinstance(self.ports.calls, FakeCalls)
        self.calls = self.ports.calls
        self.calls.answers = self.index.answers()
        assert isinstance(self.ports.files, FakeFiles)
        self.files = self.ports.files

    def arrived(self, name: str, *, size: int = 10) -> Arrived:
        """A document was put."""
        self.files.content[f"in/documents/{name}"] = b"text"
        return Arrived(key=f"in/documents/{name}", name=name, size=size, work=WORK)

    def metadata(self, name: str) -> Any:
        """What lies beside a document."""
        return json.loads(self.files.content[f"documents/{name}.metadata.json"])

    def asked(self, name: str) -> list[Mapping[str, Any]]:
        """The requests of an operation."""
        return [given for asked, given in self.calls.asked if asked == name]


@pytest.fixture(params=[BASE, LEGACY], ids=["knowledge-base", "kendra"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Of either engine."""
    return Bench(request.param)


def waits(progress: Any) -> Mapping[str, Any]:
    """What the next look needs."""
    assert isinstance(progress, Waiting)
    return progress.state


def test_a_document_waits_for_a_run_that_began_after_it_was_copied(bench: Bench):
    """One that goes on already began too early."""
    bench.index.runs.append((bench.clock.now() - 60.0, "going"))
    document = bench.arrived("leave.md")
    state = waits(begin(document, bench.ports))
    assert bench.files.content["documents/leave.md"] == b"text"
    bench.index.end()
    bench.clock.pause(5.0)
    state = waits(look(document, state, bench.ports))
    assert [kind for _, kind in bench.index.runs] == ["done", "going"]
    bench.index.end()
    done = look(document, state, bench.ports)
    assert isinstance(done, Done)
    assert (done.result.document, done.result.readers) == ("leave.md", ("everyone",))


def test_a_run_of_somebody_else_will_do(bench: Bench):
    """Two documents need one run."""
    bench.index.busy = True
    document = bench.arrived("leave.md")
    state = waits(begin(document, bench.ports))
    bench.index.runs.append((bench.clock.now() + 1.0, "done"))
    assert isinstance(look(document, state, bench.ports), Done)


def test_failed_runs_are_repeated_and_then_are_a_failure(bench: Bench):
    """The queue tries again, and the dead letters have it in the end."""
    document = bench.arrived("leave.md")
    state = waits(begin(document, bench.ports))
    for _ in range(2):
        bench.index.end(failed=True)
        bench.clock.pause(1.0)
        waits(look(document, state, bench.ports))
    bench.index.end(failed=True)
    with pytest.raises(CallFailedError, match="3 runs failed"):
        look(document, state, bench.ports)


def test_a_document_that_the_engine_cannot_read_is_refused(bench: Bench):
    """With the engine's words."""
    document = bench.arrived("scan.pdf")
    state = waits(begin(document, bench.ports))
    bench.index.faults["s3://files/documents/scan.pdf"] = "no text in it"
    bench.index.end()
    with pytest.raises(ProblemError, match="cannot be searched: no text in it"):
        look(document, state, bench.ports)


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("leave.md", ["everyone"]),
        ("hr/pay.txt", ["hr", "managers"]),
        ("hr/rules.txt", ["everyone"]),
    ],
)
def test_the_longest_beginning_of_a_name_says_who_reads(name: str, groups: list[str]):
    """In the words of the engine."""
    for settings in (BASE, LEGACY):
        bench = Bench(settings)
        begin(bench.arrived(name), bench.ports)
        told = bench.metadata(name)
        if settings is BASE:
            assert told == {"metadataAttributes": {f"reader_{group}": True for group in groups}}
        else:
            assert [entry["Name"] for entry in told["AccessControlList"]] == groups


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [("x" * 200 + ".txt", 1, "too long"), ("a.txt", 60_000_000, "at most 52428800")],
)
def test_what_no_engine_takes_is_refused_before_it_is_copied(name: str, size: int, why: str):
    """Names whose status cannot be asked, files that are too large."""
    bench = Bench(BASE)
    with pytest.raises(ProblemError, match=why):
        begin(bench.arrived(name, size=size), bench.ports)
    assert not [key for key in bench.files.content if key.startswith("documents/")]


def test_a_name_that_nobody_reads_is_refused():
    """No rule, no readers."""
    bench = Bench(KendraSettings(readers={"hr/": ("hr",)}))
    with pytest.raises(ProblemError, match="nobody reads"):
        begin(bench.arrived("leave.md"), bench.ports)


def test_a_search_asks_for_known_groups_and_everyone():
    """By metadata of vectors; what the caller makes up is left out."""
    bench = Bench(BASE)
    found = search(Question(question="when is pay?", groups=("hr", "made_up")), bench.ports)
    (given,) = bench.asked("bedrock-agent-runtime:Retrieve")
    searched = given["retrievalConfiguration"]["vectorSearchConfiguration"]
    keys = [each["equals"]["key"] for each in searched["filter"]["orAll"]]
    assert keys == ["reader_everyone", "reader_hr"]
    assert searched["numberOfResults"] == 5
    (passage,) = found.passages
    assert (passage.document, passage.score) == ("hr/pay.txt", 0.5)
    assert passage.link == "https://files.example/documents/hr/pay.txt?get"


def test_kendra_is_always_told_who_asks():
    """Without a context it would show every document."""
    bench = Bench(LEGACY)
    found = search(Question(question="x", results=3), bench.ports)
    (given,) = bench.asked("kendra:Retrieve")
    assert given["UserContext"]["Groups"] == ["everyone"]
    assert given["PageSize"] == 3
    assert found.passages[0].confidence == "HIGH"


def test_a_question_without_an_answer_is_counted():
    """For whoever writes documents."""
    bench = Bench(BASE)
    bench.calls.answers = {
        **bench.calls.answers,
        "bedrock-agent-runtime:Retrieve": lambda _: {"retrievalResults": []},
    }
    assert search(Question(question="x"), bench.ports).passages == ()
    assert isinstance(bench.ports.metrics, FakeMetrics)
    assert bench.ports.metrics.total("Unanswered") == 1


def test_a_forgotten_document_is_gone_and_the_index_follows(bench: Bench):
    """With what said who reads it; a run that goes on already is no error."""
    begin(bench.arrived("leave.md"), bench.ports)
    forget(Forget(document="leave.md"), bench.ports)
    assert not [key for key in bench.files.content if key.startswith("documents/")]
    with pytest.raises(ProblemError, match="no document of that name"):
        forget(Forget(document="leave.md"), bench.ports)


def test_the_index_is_compared_by_time(bench: Bench):
    """A run of its own, whose counts are the result."""
    moment = Arrived(key="timer/sync/now", name="now", size=0, work=WORK)
    state = waits(begin_sync(moment, bench.ports))
    bench.index.end()
    done = look_at_sync(moment, state, bench.ports)
    assert isinstance(done, Done)
    assert done.result.documents["scanned"] == 3


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (KendraSettings(engine="kendra"), "since 2026-07-30: take knowledge-base"),
        (KendraSettings(dimensions=100), "one of 256, 512, 1024"),
        (KendraSettings(readers={}), "nobody would find anything"),
        (KendraSettings(readers={"": tuple(f"g{n}" for n in range(30))}), "at most 25"),
    ],
)
def test_settings_that_cannot_work_are_faults(settings: KendraSettings, fault: str):
    """A closed service is taken knowingly."""
    (told,) = faults(settings)
    assert fault in told
    assert faults(BASE) == faults(LEGACY) == ()


def test_only_the_chosen_engine_is_there():
    """Kendra's types, which acknowledge that they are closed, with its engine only."""
    types = {
        settings.engine: {
            template["Type"].split("::")[1]
            for template in KIND.resources(settings, PLACE).templates.values()
        }
        for settings in (BASE, LEGACY)
    }
    assert types == {"knowledge-base": {"S3Vectors", "Bedrock", "IAM"}, "kendra": {"Kendra", "IAM"}}
    legacy = KIND.resources(LEGACY, PLACE).templates
    reasons = [legacy[name]["Metadata"]["tidegate"]["acknowledged"] for name in ("Index", "Source")]
    assert all(row["rule"] == "closed-service" for (row,) in reasons)
