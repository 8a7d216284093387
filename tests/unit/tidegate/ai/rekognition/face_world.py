"""Rekognition as the embedded cloud answers it, and a table in memory, for one service."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ai import rekognition
from emulator.ai.rekognition.liveness import Liveness
from emulator.jsonapi import RefusedRequestError
from tests.ai_fakes import fake_ports
from tests.portraits import portrait
from tests.unit.emulator.ai.sites import TENANT, Town
from tidegate.ai.kind import Arrived
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError
from tidegate.ai.rekognition import KIND
from tidegate.ai.rekognition.checking import Checked, Enrolled, authenticate, enrol
from tidegate.ai.rekognition.people import Purpose
from tidegate.ai.rekognition.sessions import Begin, OfEmployee, OfSession, begin, trail
from tidegate.ai.rekognition.settings import RekognitionSettings

CONSENT = "We keep a vector of your face for a year, to open doors. You may withdraw at any time."
SETTINGS = RekognitionSettings(consent=CONSENT)
RESOURCES = {"collection": "staff", "table": "Employees"}
Item = Mapping[str, Mapping[str, str]]


class Killed(BaseException):
    """The function is gone."""


@dataclass
class Table:
    """Items by their keys; of conditions those that the store writes."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def answers(self) -> Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
        """By operation."""
        return {
            "dynamodb:GetItem": self._get,
            "dynamodb:TransactWriteItems": self._write,
            "dynamodb:Query": self._query,
        }

    def _get(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.items.get((given["Key"]["pk"]["S"], given["Key"]["sk"]["S"]))
        return {} if found is None else {"Item": found}

    def _write(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        puts = [entry["Put"] for entry in given["TransactItems"]]
        if not all(self._holds(put) for put in puts):
            code = "TransactionCanceledException"
            raise CallRefusedError(operation="dynamodb:TransactWriteItems", code=code, message="")
        for put in puts:
            self.items[_keys(put)] = put["Item"]
        return {}

    def _holds(self, put: Mapping[str, Any]) -> bool:
        there = self.items.get(_keys(put))
        before = put.get("ExpressionAttributeValues", {}).get(":before")
        return there is None or (before is not None and there["revision"] == before)

    def _query(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        values = given["ExpressionAttributeValues"]
        found = [
            item
            for (pk, sk), item in sorted(self.items.items(), reverse=True)
            if pk == values[":pk"]["S"] and sk.startswith(values[":audit"]["S"])
        ]
        return {"Items": found[: given["Limit"]]}


def _keys(put: Mapping[str, Any]) -> tuple[str, str]:
    return put["Item"]["pk"]["S"], put["Item"]["sk"]["S"]


@dataclass
class FaceWorld:
    """A service with its collection. `killed_at` ends the function at its n-th call, once."""

    settings: RekognitionSettings = SETTINGS
    town: Town = field(default_factory=lambda: Town(moment=1_800_000_000.0))
    table: Table = field(default_factory=Table)
    killed_at: int | None = None
    made_calls: int = 0

    def __post_init__(self) -> None:
        """Its collection is empty."""
        self.service = rekognition.service(self.town.site())
        self.rekognition("CreateCollection", {"CollectionId": "staff"})
        answers = {
            f"rekognition:{name}": self._answer(name) for name in self.service.operations
        } | dict(self.table.answers())
        killable = {name: self._killable(answer) for name, answer in answers.items()}
        made = fake_ports(KIND, killable, settings=self.settings, resources=RESOURCES)
        self.ports: ServicePorts = replace(made, clock=_Clock(self.town))

    def rekognition(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the embedded cloud answers."""
        return self.service.operations[operation](self.town.call(dict(request))).body

    def _answer(self, name: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
            try:
                found = dict(self.rekognition(name, _encoded(given)))
            except RefusedRequestError as error:
                operation = f"rekognition:{name}"
                raise CallRefusedError(
                    operation=operation, code=error.code, message=error.message
                ) from error
            image = found.get("ReferenceImage")
            if image is not None:
                found["ReferenceImage"] = {**image, "Bytes": base64.b64decode(image["Bytes"])}
            return found

        return answer

    def _killable(
        self, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def asked(given: Mapping[str, Any]) -> Mapping[str, Any]:
            found = answer(given)
            self.made_calls += 1
            if self.made_calls == self.killed_at:
                self.killed_at = None
                raise Killed
            return found

        return asked

    def begun(self, employee: str, purpose: Purpose, **more: Any) -> str:
        """A session after a password."""
        version = self.settings.consent_version if purpose is Purpose.ENROL else None
        given = {
            "first_factor": "password",
            "first_factor_at": int(self.ports.clock.now()),
            "consent_version": version,
            **more,
        }
        return begin(Begin(employee=employee, purpose=purpose, **given), self.ports).session

    def filmed(
        self, session: str, face: str | None, *, live: float = 99.0, **looks: Any
    ) -> OfSession:
        """The device has finished the session, on a face or on none."""
        outcome: dict[str, Any] = {}
        if face is not None:
            picture = base64.b64encode(portrait(face, **looks)).decode()
            outcome = {"confidence": live, "image": picture}
        self._liveness().answer(TENANT, session, outcome)
        return OfSession(session=session)

    def _liveness(self) -> Liveness:
        operation: Any = self.service.operations["GetFaceLivenessSessionResults"]
        found: Liveness = operation.__self__
        return found

    def enrol(self, employee: str, face: str, **looks: Any) -> Enrolled:
        """What comes of an enrolment."""
        session = self.begun(employee, Purpose.ENROL)
        return enrol(self.filmed(session, face, **looks), self.ports)

    def authenticate(self, employee: str, face: str | None, **looks: Any) -> Checked:
        """What comes of a check."""
        session = self.begun(employee, Purpose.AUTHENTICATE)
        return authenticate(self.filmed(session, face, **looks), self.ports)

    def kept(self) -> tuple[int, int]:
        """How many faces and users Rekognition has."""
        told = self.rekognition("DescribeCollection", {"CollectionId": "staff"})
        return told["FaceCount"], told["UserCount"]

    def trail(self, employee: str) -> list[str]:
        """What the trail says, the oldest first."""
        events = trail(OfEmployee(employee=employee), self.ports).events
        return [event["what"] for event in events][::-1]


@dataclass
class _Clock:
    """The town's, which goes on a little with each look."""

    town: Town

    def now(self) -> float:
        self.town.moment += 0.001
        return self.town.moment

    def pause(self, seconds: float) -> None:
        self.town.moment += seconds


def _encoded(given: Mapping[str, Any]) -> Mapping[str, Any]:
    image = given.get("Image")
    if image is None:
        return given
    return {**given, "Image": {"Bytes": base64.b64encode(image["Bytes"]).decode()}}


def file_of(ports: ServicePorts, text: str) -> Arrived:
    """A file of leavers that came."""
    key = "in/leavers/today.txt"
    ports.files.write(key, text.encode(), content_type="text/plain")
    return Arrived(key=key, name="today.txt", size=len(text), work="0" * 32)
