"""The service's collection at Rekognition: faces by user, found, added, deleted.

Errors: Rekognition API reference of each operation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, ProblemError
from tidegate.ai.rekognition.checks import ATTRIBUTES
from tidegate.ai.rekognition.people import Session

COLLECTION = "collection"
"""What functions are told of the collection's id."""
_EXPIRED = frozenset({"SessionNotFoundException"})
_NO_USER = "ResourceNotFoundException"
_NO_FACE = "InvalidParameterException"
_AT_ONCE = 100


def results_of(session: Session, ports: ServicePorts) -> Mapping[str, Any]:
    """What Rekognition says of a session that is over; ProblemError while it is not."""
    try:
        found = ports.calls.call(
            "rekognition", "GetFaceLivenessSessionResults", SessionId=session.id
        )
    except CallRefusedError as error:
        if error.code in _EXPIRED:
            return {"Status": "EXPIRED"}
        raise
    if found["Status"] in {"CREATED", "IN_PROGRESS"}:
        message = "the device has not finished the session: ask again when it has"
        raise ProblemError("unfinished", message, status=409, retry_after=2)
    return found


def picture_in(results: Mapping[str, Any]) -> bytes | None:
    """The picture of the face, if the session has one."""
    content: bytes | None = results.get("ReferenceImage", {}).get("Bytes")
    return content


def faces_on(picture: bytes, ports: ServicePorts) -> Sequence[Mapping[str, Any]]:
    """Every face, with what the rules of quality look at."""
    answer = ports.calls.call(
        "rekognition", "DetectFaces", Image={"Bytes": picture}, Attributes=list(ATTRIBUTES)
    )
    faces: Sequence[Mapping[str, Any]] = answer["FaceDetails"]
    return faces


def users_like(
    picture: bytes, least_similarity: float, ports: ServicePorts
) -> Sequence[Mapping[str, Any]]:
    """The employees who are so similar to the face, two at most."""
    try:
        answer = ports.calls.call(
            "rekognition",
            "SearchUsersByImage",
            CollectionId=ports.resources[COLLECTION],
            Image={"Bytes": picture},
            UserMatchThreshold=least_similarity,
            MaxUsers=2,
        )
    except CallRefusedError as error:
        if error.code == _NO_FACE:
            return ()
        raise
    users: Sequence[Mapping[str, Any]] = answer["UserMatches"]
    return users


def add_face(session: Session, picture: bytes, ports: ServicePorts) -> bool:
    """The user has the face, if Rekognition took it; if not, there is no user.

    The picture itself is kept nowhere.
    """
    own = {"CollectionId": ports.resources[COLLECTION]}
    try:
        ports.calls.call(
            "rekognition", "CreateUser", **own, UserId=session.user, ClientRequestToken=session.id
        )
    except CallRefusedError as error:
        # The user is there already: an earlier try was killed after it.
        if error.code != "ConflictException":
            raise
    indexed = ports.calls.call(
        "rekognition",
        "IndexFaces",
        **own,
        Image={"Bytes": picture},
        ExternalImageId=session.user,
        MaxFaces=1,
        QualityFilter="HIGH",
    )
    ids = [record["Face"]["FaceId"] for record in indexed["FaceRecords"]]
    taken = bool(ids)
    if ids:
        answer = ports.calls.call(
            "rekognition", "AssociateFaces", **own, UserId=session.user, FaceIds=ids
        )
        taken = not answer["UnsuccessfulFaceAssociations"]
    if not taken:
        delete_user(session.user, ids, ports)
    return taken


def face_ids(user: str, ports: ServicePorts) -> tuple[str, ...]:
    """The ids of a user's faces, none where there is no such user."""
    try:
        answer = _faces(ports, UserId=user)
    except CallRefusedError as error:
        if error.code == _NO_USER:
            return ()
        raise
    return tuple(face["FaceId"] for face in answer["Faces"])


def delete_user(user: str, ids: Sequence[str], ports: ServicePorts) -> None:
    """Neither the user nor the faces are there any more; whatever is gone already is gone."""
    own = {"CollectionId": ports.resources[COLLECTION]}
    try:
        ports.calls.call("rekognition", "DeleteUser", **own, UserId=user)
    except CallRefusedError as error:
        if error.code != _NO_USER:
            raise
    delete_faces(ids, ports)


def delete_faces(ids: Sequence[str], ports: ServicePorts) -> None:
    """None of these is there."""
    for start in range(0, len(ids), _AT_ONCE):
        ports.calls.call(
            "rekognition",
            "DeleteFaces",
            CollectionId=ports.resources[COLLECTION],
            FaceIds=list(ids[start : start + _AT_ONCE]),
        )


def nobodys_faces(ports: ServicePorts, token: str | None) -> tuple[tuple[str, ...], str | None]:
    """Faces of a page of the collection that belong to no user, and the next page's token."""
    more = {} if token is None else {"NextToken": token}
    answer = _faces(ports, **more)
    ids = tuple(face["FaceId"] for face in answer["Faces"] if "UserId" not in face)
    return ids, answer.get("NextToken")


def users_of_page(ports: ServicePorts, token: str | None) -> tuple[tuple[str, ...], str | None]:
    """Users of a page of the collection, and the next page's token."""
    more = {} if token is None else {"NextToken": token}
    answer = ports.calls.call(
        "rekognition", "ListUsers", CollectionId=ports.resources[COLLECTION], **more
    )
    return tuple(user["UserId"] for user in answer["Users"]), answer.get("NextToken")


def _faces(ports: ServicePorts, **more: Any) -> Mapping[str, Any]:
    return ports.calls.call(
        "rekognition", "ListFaces", CollectionId=ports.resources[COLLECTION], **more
    )
