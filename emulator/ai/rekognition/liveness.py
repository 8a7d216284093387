"""Face Liveness: sessions, and how one is answered where there is no camera.

On AWS a person's device streams a video (StartFaceLivenessSession), which Rekognition judges. Here
a signed `PUT /_embedded/liveness/SESSION` says how it ended; it needs the action that streaming
needs, `rekognition:StartFaceLivenessSession`.
"""

import asyncio
import base64
import binascii
import threading
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ai import control
from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.rekognition.pictures import Picture, read
from emulator.ai.rekognition.records import KEPT
from emulator.ai.site import ClientOf, Site, Tenant
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

ENGINE = "recorded"
ACTION = "rekognition:StartFaceLivenessSession"
SECONDS = 180.0
"""After which a session and all its data are unavailable (CreateFaceLivenessSession)."""
MOST_IMAGE_BYTES = 204_800

_MEMBERS = ("confidence", "image", "feedback")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a session ended: a live face by that confidence on that picture, or none and why."""

    confidence: float | None
    picture: Picture | None
    feedback: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session as it is now; `created` is a moment of the cloud's clock."""

    id: str
    created: float
    settings: Mapping[str, Any]
    client: ClientOf = field(repr=False)
    outcome: Outcome | None = None


@dataclass(kw_only=True, slots=True)
class Liveness:
    """The sessions of one cloud."""

    site: Site
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, str, str], Session] = field(default_factory=dict)
    _tokens: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateFaceLivenessSession": self._create,
            "GetFaceLivenessSessionResults": self._results,
        }

    def _create(self, call: Call) -> Answer:
        token = call.request.get("ClientRequestToken")
        with self._lock:
            known = self._tokens.get((*call.tenant, str(token))) if token else None
            if known is None:
                known = str(uuid.uuid4())
                self._kept[*call.tenant, known] = Session(
                    id=known,
                    created=self.site.now(),
                    settings=call.request.get("Settings") or {},
                    client=call.client,
                )
            if token:
                self._tokens[*call.tenant, str(token)] = known
        return Answer(body={"SessionId": known}, engine=KEPT)

    def _results(self, call: Call) -> Answer:
        session = self._get(call.tenant, call.request["SessionId"])
        body: Json = {"SessionId": session.id, "Status": self._status(session)}
        outcome = session.outcome
        if outcome is not None and body["Status"] in {"SUCCEEDED", "FAILED"}:
            body.update(_told(session, outcome))
        return Answer(body=body, engine=ENGINE)

    def _get(self, tenant: Tenant, identity: str) -> Session:
        found = self._kept.get((*tenant, identity))
        if found is None:
            raise RefusedRequestError(
                "SessionNotFoundException", f"Session not found for session id {identity}"
            )
        return found

    def _status(self, session: Session) -> str:
        if self.site.now() - session.created > SECONDS:
            return "EXPIRED"
        if session.outcome is None:
            return "CREATED"
        return "FAILED" if session.outcome.picture is None else "SUCCEEDED"

    def answer(self, tenant: Tenant, identity: str, given: Mapping[str, Any]) -> None:
        """The session ended so; a second answer, or one after its time, is refused."""
        outcome = _outcome(given)
        with self._lock:
            session = self._get(tenant, identity)
            status = self._status(session)
            if status != "CREATED":
                raise RefusedRequestError(
                    "InvalidParameterException",
                    f"A session is answered once, within {SECONDS:.0f} s; this one is {status}",
                )
            answered = replace(session, outcome=outcome)
            self._kept[*tenant, identity] = answered
        _store(answered)

    def control(self) -> Service:
        """The service that is told how sessions end."""
        return Service(
            name=f"{control.NAME}-liveness",
            signing_name=control.NAME,
            claims=lambda method, path, _headers: (
                method == "PUT" and path.startswith(control.LIVENESS_PATH)
            ),
            permissions=lambda _request: [Permission(action=ACTION)],
            handle=self._handler(),
            denied_status=403,
        )

    def _handler(self) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            identity, tenant = (
                request.path.removeprefix(control.LIVENESS_PATH),
                (request.account, request.region),
            )
            try:
                await asyncio.to_thread(self.answer, tenant, identity, request.json())
            except RefusedRequestError as error:
                return error_response(error.code, error.message)
            except ValueError as error:
                return error_response("ValidationException", str(error))
            return json_response({"SessionId": identity})

        return handle


def _outcome(given: Mapping[str, Any]) -> Outcome:
    """ValueError names all that is wrong."""
    unknown = sorted(set(given) - set(_MEMBERS))
    faults = [f"unknown: {', '.join(unknown)}; allowed: {', '.join(_MEMBERS)}"] if unknown else []
    confidence, image = given.get("confidence"), given.get("image")
    feedback = given.get("feedback", [])
    if confidence is not None and not _is_confidence(confidence):
        faults.append(f"confidence must be from 0 to 100, got {confidence!r}")
    if (confidence is None) != (image is None):
        faults.append("confidence and image go together; leave out both for a failed session")
    if not isinstance(feedback, list) or not all(code in _FEEDBACK for code in feedback):
        faults.append(f"feedback must be of {', '.join(_FEEDBACK)}, got {feedback!r}")
    content = _decoded(image, faults)
    if faults:
        raise ValueError("; ".join(faults))
    picture = None if content is None else read(content)
    return Outcome(confidence=confidence, picture=picture, feedback=tuple(feedback))


def _is_confidence(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _decoded(image: Any, faults: list[str]) -> bytes | None:
    if image is None:
        return None
    try:
        content = base64.b64decode(image, validate=True)
    except (binascii.Error, TypeError, ValueError):
        faults.append("image must be a picture in Base64")
        return None
    if not 0 < len(content) <= MOST_IMAGE_BYTES:
        faults.append(f"image must have 1 to {MOST_IMAGE_BYTES} bytes, got {len(content)}")
    return content


_FEEDBACK = {
    "FACE_NOT_VISIBLE": "No face was seen",
    "FACE_OBSTRUCTION_DETECTED": "Something was before the face",
    "LOW_VIDEO_QUALITY_DETECTED": "The video was unclear",
    "FACE_NOT_ALIGNED": "The face was not in the oval",
    "EYES_CLOSED_DETECTED": "The eyes were closed",
    "LOW_LIGHTING_DETECTED": "It was too dark",
    "HIGH_LIGHTING_DETECTED": "It was too bright",
}


def _told(session: Session, outcome: Outcome) -> Json:
    """What the results say of an outcome."""
    told: Json = {
        "Feedback": [{"Code": code, "Message": _FEEDBACK[code]} for code in outcome.feedback]
    }
    if outcome.picture is None:
        return told
    audits = range(1, 1 + session.settings.get("AuditImagesLimit", 0))
    told["Confidence"] = outcome.confidence
    told["ReferenceImage"] = _image(session, outcome.picture, "reference.jpg")
    told["AuditImages"] = [
        _image(session, outcome.picture, f"audit_{number}.jpg") for number in audits
    ]
    return told


def _image(session: Session, picture: Picture, name: str) -> Json:
    where = session.settings.get("OutputConfig")
    if where is None:
        shown: Json = {"Bytes": base64.b64encode(picture.content).decode()}
    else:
        shown = {"S3Object": {"Bucket": where["S3Bucket"], "Name": _key(session, name)}}
    if picture.faces:
        shown["BoundingBox"] = picture.faces[0].place.shape()
    return shown


def _key(session: Session, name: str) -> str:
    prefix = session.settings["OutputConfig"].get("S3KeyPrefix", "")
    return f"{prefix}{session.id}/{name}"


def _store(session: Session) -> None:
    """The images are in the bucket of the session's creator, written with that one's rights."""
    outcome, where = session.outcome, session.settings.get("OutputConfig")
    if where is None or outcome is None or outcome.picture is None:
        return
    count = session.settings.get("AuditImagesLimit", 0)
    names = ["reference.jpg", *(f"audit_{number}.jpg" for number in range(1, 1 + count))]
    for name in names:
        session.client("s3").put_object(
            Bucket=where["S3Bucket"], Key=_key(session, name), Body=outcome.picture.content
        )
