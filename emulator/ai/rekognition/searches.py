"""Rekognition's operations on pictures: detect, compare, index, search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.rekognition.details import compared, detail, reasons
from emulator.ai.rekognition.faces import ENGINE, Face, similarity
from emulator.ai.rekognition.pictures import Picture, picture_of
from emulator.ai.rekognition.store import MODEL_VERSION, Collection, Collections
from emulator.jsonapi import Json, RefusedRequestError

DEFAULT_THRESHOLD = 80.0
"""Of FaceMatchThreshold, SimilarityThreshold and UserMatchThreshold when searching."""
MOST_MATCHES = 4_096
MOST_USERS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Searches:
    """The operations on one cloud's collections."""

    collections: Collections

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "DetectFaces": _detect,
            "CompareFaces": _compare,
            "IndexFaces": self._index,
            "SearchFaces": self._search,
            "SearchFacesByImage": self._search_by_image,
            "SearchUsers": self._search_users,
            "SearchUsersByImage": self._search_users_by_image,
        }

    def _collection(self, call: Call) -> Collection:
        return self.collections.get(call.tenant, call.request["CollectionId"])

    def _index(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        faces = picture_of(request["Image"], call.client).faces
        attributes = request.get("DetectionAttributes", ())
        most = request.get("MaxFaces", len(faces))
        kept: list[Face] = []
        left: list[Json] = []
        for face in faces:
            why = reasons(face, request.get("QualityFilter", "AUTO"))
            if not why and len(kept) >= most:
                why = ["EXCEEDS_MAX_FACES"]
            if why:
                left.append({"Reasons": why, "FaceDetail": detail(face, attributes)})
            else:
                kept.append(face)
        with self.collections.lock:
            made = collection.index(kept, request.get("ExternalImageId"))
        records = [
            {"Face": one.shape(), "FaceDetail": detail(one.face, attributes)} for one in made
        ]
        body: Json = {
            "FaceRecords": records,
            "FaceModelVersion": MODEL_VERSION,
            "UnindexedFaces": left,
        }
        return Answer(body=body, engine=ENGINE)

    def _search(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        own = collection.faces.get(request["FaceId"])
        if own is None:
            raise RefusedRequestError(
                "InvalidParameterException",
                f"The face id: {request['FaceId']} is not in the collection",
            )
        found = _matches(collection, own.face, request, but=own.id)
        body: Json = {
            "SearchedFaceId": own.id,
            "FaceMatches": found,
            "FaceModelVersion": MODEL_VERSION,
        }
        return Answer(body=body, engine=ENGINE)

    def _search_by_image(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        face = _largest(picture_of(request["Image"], call.client), request)
        body: Json = {
            "SearchedFaceBoundingBox": face.place.shape(),
            "SearchedFaceConfidence": face.confidence,
            "FaceMatches": _matches(collection, face, request),
            "FaceModelVersion": MODEL_VERSION,
        }
        return Answer(body=body, engine=ENGINE)

    def _search_users(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        given = [name for name in ("UserId", "FaceId") if request.get(name) is not None]
        if len(given) != 1:
            raise RefusedRequestError(
                "InvalidParameterException", f"Either UserId or FaceId is given, got {given}"
            )
        name = given[0]
        own = request[name]
        body: Json = {"FaceModelVersion": MODEL_VERSION}
        if name == "UserId":
            collection.require_user(own)
            faces = [one.face for one in collection.of_user(own)]
            body["SearchedUser"] = {"UserId": own}
        else:
            if own not in collection.faces:
                raise RefusedRequestError(
                    "ResourceNotFoundException", f"The face id: {own} is not in the collection"
                )
            faces = [collection.faces[own].face]
            body["SearchedFace"] = {"FaceId": own}
        best: dict[str, float] = {}
        for face in faces:
            for sure, user in collection.users_alike(face, _threshold(request)):
                best[user] = max(sure, best.get(user, 0.0))
        if name == "UserId":
            best.pop(own, None)
        pairs = sorted(((sure, user) for user, sure in best.items()), reverse=True)
        body["UserMatches"] = _users(collection, pairs, request)
        return Answer(body=body, engine=ENGINE)

    def _search_users_by_image(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        picture = picture_of(request["Image"], call.client)
        face = _largest(picture, request)
        others = [
            {"FaceDetails": detail(other), "Reasons": ["FACE_NOT_LARGEST"]}
            for other in picture.faces
            if other is not face
        ]
        found = collection.users_alike(face, _threshold(request))
        body: Json = {
            "UserMatches": _users(collection, found, request),
            "FaceModelVersion": MODEL_VERSION,
            "SearchedFace": {"FaceDetail": detail(face)},
            "UnsearchedFaces": others,
        }
        return Answer(body=body, engine=ENGINE)


def _detect(call: Call) -> Answer:
    attributes = call.request.get("Attributes", ())
    faces = picture_of(call.request["Image"], call.client).faces
    return Answer(body={"FaceDetails": [detail(face, attributes) for face in faces]}, engine=ENGINE)


def _compare(call: Call) -> Answer:
    request = call.request
    source = _largest(picture_of(request["SourceImage"], call.client), request)
    targets = picture_of(request["TargetImage"], call.client).faces
    threshold = request.get("SimilarityThreshold", DEFAULT_THRESHOLD)
    alike: list[tuple[float, Face]] = []
    others: list[Json] = []
    for face in targets:
        sure = similarity(source, face)
        if sure >= threshold and not reasons(face, request.get("QualityFilter", "NONE")):
            alike.append((sure, face))
        else:
            others.append(compared(face))
    alike.sort(key=lambda pair: -pair[0])
    matches = [{"Similarity": sure, "Face": compared(face)} for sure, face in alike]
    body: Json = {
        "SourceImageFace": {
            "BoundingBox": source.place.shape(),
            "Confidence": source.confidence,
        },
        "FaceMatches": matches,
        "UnmatchedFaces": others,
    }
    return Answer(body=body, engine=ENGINE)


def _largest(picture: Picture, request: Mapping[str, Any]) -> Face:
    """The largest face that the filter leaves; Rekognition's error if there is none."""
    quality = request.get("QualityFilter", "NONE")
    face = next((face for face in picture.faces if not reasons(face, quality)), None)
    if face is None:
        raise RefusedRequestError(
            "InvalidParameterException",
            "There are no faces in the image. Should be at least 1.",
        )
    return face


def _threshold(request: Mapping[str, Any]) -> float:
    names = ("FaceMatchThreshold", "UserMatchThreshold")
    return next((float(request[name]) for name in names if name in request), DEFAULT_THRESHOLD)


def _matches(
    collection: Collection, face: Face, request: Mapping[str, Any], *, but: str | None = None
) -> list[Json]:
    found = [pair for pair in collection.alike(face, _threshold(request)) if pair[1].id != but]
    most = request.get("MaxFaces", MOST_MATCHES)
    return [{"Similarity": sure, "Face": one.shape()} for sure, one in found[:most]]


def _users(
    collection: Collection, pairs: list[tuple[float, str]], request: Mapping[str, Any]
) -> list[Json]:
    most = request.get("MaxUsers", MOST_USERS)
    return [
        {
            "Similarity": sure,
            "User": {"UserId": user, "UserStatus": collection.users[user]},
        }
        for sure, user in pairs[:most]
    ]
