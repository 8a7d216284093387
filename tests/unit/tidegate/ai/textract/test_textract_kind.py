"""Forms: what is read of them, what a person is asked, and that each ends in one record."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.ai.textract.analysis import Wanted, read
from emulator.ai.textract.blocks import Query
from emulator.ai.textract.documents import Document
from tests.ai_fakes import FakeCalls, FakeFiles, FakeMetrics, FakeTime, fake_ports
from tests.pdf_files import Sheet, pdf
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError
from tidegate.ai.textract import KIND
from tidegate.ai.textract.arriving import begin, look
from tidegate.ai.textract.documents import Page, read_page
from tidegate.ai.textract.reviews import Decision, NextReview, decide, next_review
from tidegate.ai.textract.settings import Field, TextractSettings, faults

SETTINGS = TextractSettings(
    fields={
        "name": Field(required=True),
        "born": Field(labels=("Date of birth",), type="date"),
        "amount": Field(labels=("Amount", "Sum"), type="number", required=True),
        "theft": Field(type="tick"),
        "policy": Field(question="What is the policy number?"),
    }
)
WORK = "0123456789abcdef0123456789abcdef"
ARRIVED = Arrived(key="in/forms/claim.pdf", name="claim.pdf", size=1, work=WORK)
RESOURCES = {
    "topic": "arn:aws:sns:us-east-1:123456789012:jobs",
    "role": "arn:aws:iam::123456789012:role/jobs",
    "reviews": "https://sqs.us-east-1.amazonaws.com/123456789012/reviews",
}


def claim(*, name: str = "Ann Lee", amount: str = "EUR 1,234.50", below: str = "") -> Sheet:
    """A form; a value of `below` stands under its label, where Textract is less sure."""
    sheet = Sheet().text(40, 100, f"Name: {name}".strip())
    sheet.text(300, 100, "Date of Birth: 3 February 1990").text(40, 130, f"Amount: {amount}")
    sheet.box(40, 190, 11, 11).cross(40, 190, 11).text(56, 200, "Theft")
    sheet.text(40, 250, "Policy number:")
    return sheet.text(40, 266, below) if below else sheet.text(120, 250, "X-123")


@dataclass
class Textract:
    """AWS's Textract and queue, in memory: documents are read as the embedded cloud reads them."""

    document: bytes = b""
    statuses: list[str] = field(default_factory=list)
    why: str = ""
    jobs: list[Mapping[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def answers(self) -> Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
        """By operation."""
        return {
            "textract:StartDocumentAnalysis": self._start,
            "textract:GetDocumentAnalysis": self._get,
            "textract:AnalyzeDocument": lambda given: self._blocks(given["FeatureTypes"], given),
            "sqs:SendMessage": self._send,
            "sqs:ReceiveMessage": self._receive,
            "sqs:DeleteMessage": self._delete,
            "sns:Publish": lambda given: self.told.append(given["Message"]) or {"MessageId": "m"},
        }

    def _start(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.jobs.append(given)
        return {"JobId": f"j{len(self.jobs)}"}

    def _get(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        status = self.statuses.pop(0) if self.statuses else "SUCCEEDED"
        if status != "SUCCEEDED":
            warnings = [{"ErrorCode": "TextDetectionFailed", "Pages": [2, 5]}]
            return {"JobStatus": status, "StatusMessage": self.why, "Warnings": warnings}
        found = self._blocks(self.jobs[-1]["FeatureTypes"], self.jobs[-1])
        half = len(found["Blocks"]) // 2
        if "NextToken" in given:
            return {**found, "JobStatus": status, "Blocks": found["Blocks"][half:]}
        return {**found, "JobStatus": status, "Blocks": found["Blocks"][:half], "NextToken": "2"}

    def _blocks(self, features: list[str], given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked = given.get("QueriesConfig", {}).get("Queries", [])
        questions = [
            Query(text=one["Text"], alias=one["Alias"], pages=tuple(one["Pages"])) for one in asked
        ]
        want = Wanted(features=frozenset(features), questions=tuple(questions))
        document = Document(content=self.document, kind="PDF")
        found = read(document, want, most_pages=1_000)
        return {"Blocks": found.blocks, "DocumentMetadata": {"Pages": found.pages}}

    def _send(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.messages.append(given["MessageBody"])
        return {"MessageId": "m"}

    def _receive(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.messages[:1]
        return {"Messages": [{"Body": body, "ReceiptHandle": "r"} for body in found]}

    def _delete(self, _given: Mapping[str, Any]) -> Mapping[str, Any]:
        self.messages.pop(0)
        return {}


def ports(textract: Textract, settings: TextractSettings = SETTINGS) -> ServicePorts:
    """A service that reads such forms."""
    return fake_ports(KIND, textract.answers(), settings=settings, resources=RESOURCES)


def waiting(progress: Any) -> Mapping[str, Any]:
    """The state of work that waits."""
    assert isinstance(progress, Waiting), progress
    return progress.state


def done(progress: Any) -> Any:
    """What came of work that is over."""
    assert isinstance(progress, Done), progress
    return progress.result


def values(record: Any) -> dict[str, Any]:
    """The record's values."""
    return {name: entry.value for name, entry in record.fields.items()}


def test_a_form_whose_fields_are_sure_is_a_record():
    """By a job under the work's token; values have their types, on whatever page they stand."""
    textract = Textract(
        document=pdf(claim(), Sheet().table(40, 100, [("Item", "Sum"), ("A", "1")]))
    )
    service = ports(textract)
    record = done(look(ARRIVED, waiting(begin(ARRIVED, service)), service))
    assert values(record) == {
        "name": "Ann Lee",
        "born": "1990-02-03",
        "amount": 1234.5,
        "theft": True,
        "policy": "X-123",
    }
    assert (record.pages, record.doubtful) == (2, ())
    assert [table.rows for table in record.tables] == [(("Item", "Sum"), ("A", "1"))]
    (job,) = textract.jobs
    assert (job["ClientRequestToken"], job["JobTag"]) == (f"{WORK}-1", WORK)
    assert job["FeatureTypes"] == ["FORMS", "TABLES", "QUERIES"]


def test_without_fields_every_label_is_one():
    """And its text is its value."""
    service = ports(Textract(document=pdf(claim())), TextractSettings())
    record = done(look(ARRIVED, waiting(begin(ARRIVED, service)), service))
    assert values(record)["Amount"] == "EUR 1,234.50"
    assert values(record)["Theft"] is True


@pytest.mark.parametrize(
    ("sheet", "doubts"),
    [
        (claim(amount="about ten or twenty"), {"amount": "is not one number"}),
        (claim(amount="10 or 20"), {"amount": "is not one number"}),
        (claim(name=""), {"name": "is required and empty"}),
        (Sheet().text(40, 100, "Name: Ann"), {"amount": "is required and not on the form"}),
        (claim(below="X-123"), {"policy": "confidence is under 90"}),
    ],
)
def test_what_is_not_sure_is_doubtful(sheet: Sheet, doubts: dict[str, str]):
    """With the reason, and nothing else is."""
    service = ports(Textract(document=pdf(sheet)))
    given = Page(document=base64.b64encode(b"form").decode())
    record = read_page(given, service)
    assert {n: e.doubt for n, e in record.fields.items() if e.doubt is not None} == doubts


def test_a_doubtful_form_waits_for_a_person_and_becomes_a_record():
    """Its message names work and key alone; the decision wakes the work."""
    textract = Textract(document=pdf(claim(name="", amount="ten")))
    service = ports(textract)
    state = waiting(look(ARRIVED, waiting(begin(ARRIVED, service)), service))
    assert json.loads(textract.messages[0]) == {"review": WORK, "key": ARRIVED.key}
    found = next_review(NextReview(), service)
    assert list(found.doubtful) == ["name", "amount"]
    assert found.sure["born"].value == "1990-02-03"
    given: dict[str, str | None] = {"name": "Ann Lee", "amount": "10"}
    told = decide(Decision(review=found.review, values=given, reviewer="Kim"), service)
    assert told.values == {"name": "Ann Lee", "amount": 10.0}
    assert [json.loads(message)["JobTag"] for message in textract.told] == [WORK]
    record = done(look(ARRIVED, state, service))
    assert values(record)["amount"] == 10.0
    assert (record.fields["amount"].source, record.fields["born"].source) == ("reviewed", "read")
    assert (record.reviewer, record.doubtful) == ("Kim", ())


def test_a_decision_is_made_once_and_its_message_is_dropped():
    """Whoever comes second is told so, and gets another form or none."""
    textract = Textract(document=pdf(claim(amount="ten")))
    service = ports(textract)
    look(ARRIVED, waiting(begin(ARRIVED, service)), service)
    decision = Decision(review=WORK, values={"amount": "10"})
    decide(decision, service)
    with pytest.raises(ProblemError, match="decided this form already") as caught:
        decide(decision, service)
    assert caught.value.status == 409
    with pytest.raises(ProblemError, match="no form waits"):
        next_review(NextReview(), service)
    assert textract.messages == []


def test_a_decision_says_all_that_is_wrong_with_it():
    """Missing, unknown and wrong values; nothing is stored."""
    service = ports(Textract(document=pdf(claim(name="", amount="ten"))))
    look(ARRIVED, waiting(begin(ARRIVED, service)), service)
    with pytest.raises(ProblemError) as caught:
        decide(Decision(review=WORK, values={"amount": "many", "born": "x"}), service)
    assert caught.value.faults == (
        "values.name is missing",
        "values.born is not doubtful: name, amount",
        "values.amount is not one number",
    )
    files = service.files
    assert isinstance(files, FakeFiles)
    assert not [key for key in files.content if key.startswith("decisions/")]


def test_looking_twice_asks_for_one_review():
    """As a hint and a check may, at the same time."""
    textract = Textract(document=pdf(claim(amount="ten")))
    service = ports(textract)
    state = waiting(begin(ARRIVED, service))
    look(ARRIVED, state, service)
    look(ARRIVED, state, service)
    metrics = service.metrics
    assert isinstance(metrics, FakeMetrics)
    assert len(textract.messages) == metrics.total("Reviews") == 1


def test_a_review_that_nobody_makes_ends_the_form():
    """After its days; a decision then comes too late."""
    service = ports(Textract(document=pdf(claim(amount="ten"))))
    state = waiting(look(ARRIVED, waiting(begin(ARRIVED, service)), service))
    clock = service.clock
    assert isinstance(clock, FakeTime)
    clock.moment += 7 * 86_400
    with pytest.raises(ProblemError, match="nobody looked at the form within 7 days"):
        look(ARRIVED, state, service)
    with pytest.raises(ProblemError, match="nobody looked in time"):
        decide(Decision(review=WORK, values={"amount": "10"}), service)


def test_a_job_that_goes_on_is_looked_at_again():
    """With the same state."""
    service = ports(Textract(document=pdf(claim()), statuses=["IN_PROGRESS"]))
    state = waiting(begin(ARRIVED, service))
    assert waiting(look(ARRIVED, state, service)) == state


def test_a_failed_job_is_started_again_under_another_token_and_then_is_a_dead_letter():
    """One that is sent back an hour later starts anew."""
    textract = Textract(statuses=["FAILED"] * 5)
    service = ports(textract)
    state = waiting(begin(ARRIVED, service))
    for _ in range(3):
        state = waiting(look(ARRIVED, state, service))
    assert [job["ClientRequestToken"] for job in textract.jobs] == [
        f"{WORK}-{number}" for number in (1, 2, 3, 4)
    ]
    with pytest.raises(CallFailedError, match="4 jobs failed"):
        look(ARRIVED, state, service)
    clock = service.clock
    assert isinstance(clock, FakeTime)
    clock.moment += 3_601
    waiting(look(ARRIVED, state, service))
    assert textract.jobs[-1]["ClientRequestToken"] == f"{WORK}-5"


def refused(code: str) -> Callable[[Mapping[str, Any]], Any]:
    """AWS's refusal."""

    def answer(_given: Mapping[str, Any]) -> Any:
        raise CallRefusedError(operation="textract:X", code=code, message="no")

    return answer


def test_documents_that_cannot_be_read_are_refused():
    """At the start of the job, at its end, and at once."""
    textract = Textract(statuses=["FAILED"], why="BadDocumentException: damaged")
    service = ports(textract)
    with pytest.raises(ProblemError, match="cannot read the document"):
        look(ARRIVED, waiting(begin(ARRIVED, service)), service)
    bad = {
        **textract.answers(),
        "textract:StartDocumentAnalysis": refused("DocumentTooLargeException"),
        "textract:AnalyzeDocument": refused("UnsupportedDocumentException"),
    }
    refusing = fake_ports(KIND, bad, settings=SETTINGS, resources=RESOURCES)
    with pytest.raises(ProblemError, match="too large"):
        begin(ARRIVED, refusing)
    with pytest.raises(ProblemError, match="takes PNG, JPEG, PDF and TIFF"):
        read_page(Page(document="Zm9ybQ=="), refusing)
    with pytest.raises(ProblemError, match="no Base64"):
        read_page(Page(document="?"), refusing)


def test_a_form_of_which_some_pages_were_read_is_refused():
    """A record of the others would look complete."""
    service = ports(Textract(statuses=["PARTIAL_SUCCESS"]))
    with pytest.raises(ProblemError, match=r"every page \(2, 5\): send the form again"):
        look(ARRIVED, waiting(begin(ARRIVED, service)), service)


def test_a_form_of_too_many_pages_is_refused():
    """It says how many it may have."""
    textract = Textract(document=pdf(*[Sheet() for _ in range(3)]))
    service = ports(textract, TextractSettings(most_pages=2))
    with pytest.raises(ProblemError, match="has 3 pages, at most 2"):
        look(ARRIVED, waiting(begin(ARRIVED, service)), service)


def test_only_declared_operations_are_called():
    """The fakes refuse others; of a form that is reviewed, these are."""
    service = ports(Textract(document=pdf(claim(amount="ten"))))
    look(ARRIVED, waiting(begin(ARRIVED, service)), service)
    calls = service.calls
    assert isinstance(calls, FakeCalls)
    assert calls.names() == [
        "textract:StartDocumentAnalysis",
        "textract:GetDocumentAnalysis",
        "textract:GetDocumentAnalysis",
        "sqs:SendMessage",
    ]


def test_a_page_bills_by_what_is_looked_for():
    """In half cents: forms, tables, questions; counted on the first page of results."""
    from tidegate.ai.textract import _get  # noqa: PLC0415 - what the declaration says of bills

    bills = _get(SETTINGS).answered_units
    assert bills is not None
    answer = {"DocumentMetadata": {"Pages": 3}}
    assert bills({"JobId": "j"}, answer) == 3 * 14
    assert bills({"JobId": "j", "NextToken": "2"}, answer) == 0
    assert bills({"JobId": "j"}, {"JobStatus": "IN_PROGRESS"}) == 0


def test_settings_say_what_is_wrong_with_them():
    """Names, questions, ticks."""
    wrong = TextractSettings(
        fields={
            "First Name": Field(),
            "tick": Field(type="tick", question="Is it?"),
            **{f"q{number}": Field(question="What?") for number in range(15)},
        }
    )
    assert faults(wrong) == (
        "fields.First Name must be small letters, digits and underscores, 40 at most",
        "fields have 16 questions, at most 15",
        "fields.tick is a tick with a question: give the label beside its box",
    )
    assert faults(SETTINGS) == ()


@pytest.mark.parametrize("document", ["no base64!", "SÏ", "===="])
def test_what_is_no_base64_is_refused_at_the_door(document: str) -> None:
    """Letters that ASCII has not, too."""
    with pytest.raises(ProblemError) as caught:
        read_page(Page(document=document), ports(Textract(document=pdf(claim()))))
    assert caught.value.status == 400
