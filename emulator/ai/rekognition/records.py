"""Rekognition's operations on what is kept: collections, faces and users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.rekognition.faces import similarity
from emulator.ai.rekognition.store import (
    MODEL_VERSION,
    MOST_FACES_OF_USER,
    Collection,
    Collections,
    Tokens,
)
from emulator.ai.site import Site
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

KEPT = "kept by the embedded cloud"
"""The engine of answers in which no picture is looked at."""
ASSOCIATION_THRESHOLD = 75.0
"""The default of UserMatchThreshold when faces are associated."""
CREATED, ACTIVE = "CREATED", "ACTIVE"

_FACES = Paging(most=4_096, code="InvalidPaginationTokenException")
_USERS = Paging(most=500, code="InvalidPaginationTokenException")


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """The operations on one cloud's collections."""

    site: Site
    collections: Collections
    tokens: Tokens

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateCollection": self._create,
            "DescribeCollection": self._describe,
            "ListCollections": self._list,
            "DeleteCollection": self._delete,
            "ListFaces": self._list_faces,
            "DeleteFaces": self._delete_faces,
            "ListUsers": self._list_users,
            **{
                name: self._once(name, change)
                for name, change in {
                    "CreateUser": _create_user,
                    "DeleteUser": _delete_user,
                    "AssociateFaces": _associate,
                    "DisassociateFaces": _disassociate,
                }.items()
            },
        }

    def _collection(self, call: Call) -> Collection:
        return self.collections.get(call.tenant, call.request["CollectionId"])

    def _create(self, call: Call) -> Answer:
        if call.request.get("Tags"):
            raise RefusedRequestError(NOT_EMULATED, not_emulated("tags of collections"))
        name = call.request["CollectionId"]
        made = self.collections.create(call.tenant, name, now=self.site.now())
        # As on AWS, whose CollectionArn lacks the prefix that its CollectionARN has.
        body: Json = {
            "StatusCode": 200,
            "CollectionArn": made.arn.removeprefix("arn:"),
            "FaceModelVersion": MODEL_VERSION,
        }
        return Answer(body=body, engine=KEPT)

    def _describe(self, call: Call) -> Answer:
        found = self._collection(call)
        body: Json = {
            "FaceCount": len(found.faces),
            "UserCount": len(found.users),
            "FaceModelVersion": MODEL_VERSION,
            "CollectionARN": found.arn,
            "CreationTimestamp": found.created,
        }
        return Answer(body=body, engine=KEPT)

    def _list(self, call: Call) -> Answer:
        names = self.collections.names(call.tenant)
        body = _FACES.page(names, call.request, member="CollectionIds")
        body["FaceModelVersions"] = [MODEL_VERSION] * len(body["CollectionIds"])
        return Answer(body=body, engine=KEPT)

    def _delete(self, call: Call) -> Answer:
        self.collections.delete(call.tenant, call.request["CollectionId"])
        return Answer(body={"StatusCode": 200}, engine=KEPT)

    def _list_faces(self, call: Call) -> Answer:
        request, collection = call.request, self._collection(call)
        user, ids = request.get("UserId"), request.get("FaceIds")
        if user is not None:
            collection.require_user(user)
        found = [
            one
            for one in collection.faces.values()
            if (user is None or one.user == user) and (ids is None or one.id in ids)
        ]
        body = _FACES.page(found, request, member="Faces", shown=lambda one: one.shape())
        body["FaceModelVersion"] = MODEL_VERSION
        return Answer(body=body, engine=KEPT)

    def _delete_faces(self, call: Call) -> Answer:
        deleted, failed = [], []
        with self.collections.lock:
            collection = self._collection(call)
            for identity in dict.fromkeys(call.request["FaceIds"]):
                known = collection.faces.get(identity)
                if known is None:
                    failed.append({"FaceId": identity, "Reasons": ["FACE_NOT_FOUND"]})
                elif known.user is not None:
                    why = ["ASSOCIATED_TO_AN_EXISTING_USER"]
                    failed.append({"FaceId": identity, "UserId": known.user, "Reasons": why})
                else:
                    del collection.faces[identity]
                    deleted.append(identity)
        body: Json = {"UnsuccessfulFaceDeletions": failed}
        if deleted:
            body["DeletedFaces"] = deleted
        return Answer(body=body, engine=KEPT)

    def _list_users(self, call: Call) -> Answer:
        users = sorted(self._collection(call).users.items())
        body = _USERS.page(
            users,
            call.request,
            member="Users",
            shown=lambda pair: {"UserId": pair[0], "UserStatus": pair[1]},
        )
        return Answer(body=body, engine=KEPT)

    def _once(self, name: str, change: Any) -> Operation:
        """The change, made once for each client token."""

        def operation(call: Call) -> Answer:
            with self.collections.lock:
                known = self.tokens.answer(call.tenant, name, call.request)
                if known is None:
                    known = change(self._collection(call), call.request)
                    self.tokens.keep(call.tenant, name, call.request, known)
            return Answer(body=known, engine=KEPT)

        return operation


def _create_user(collection: Collection, request: Mapping[str, Any]) -> Json:
    user = request["UserId"]
    if user in collection.users:
        raise RefusedRequestError(
            "ConflictException",
            f"The user id: {user} already exists in the collection: {collection.id}",
        )
    collection.users[user] = CREATED
    return {}


def _delete_user(collection: Collection, request: Mapping[str, Any]) -> Json:
    """The faces stay, and are nobody's."""
    user = request["UserId"]
    collection.require_user(user)
    collection.assign([one.id for one in collection.of_user(user)], None)
    del collection.users[user]
    return {}


def _associate(collection: Collection, request: Mapping[str, Any]) -> Json:
    user = request["UserId"]
    collection.require_user(user)
    threshold = request.get("UserMatchThreshold", ASSOCIATION_THRESHOLD)
    done, failed = [], []
    for identity in dict.fromkeys(request["FaceIds"]):
        known = collection.faces.get(identity)
        if known is not None and known.user == user:
            continue
        fault = _association_fault(collection, identity, user, threshold)
        if fault is None:
            collection.assign([identity], user)
            done.append({"FaceId": identity})
        else:
            failed.append({"FaceId": identity, **fault})
    if collection.of_user(user):
        collection.users[user] = ACTIVE
    return {
        "AssociatedFaces": done,
        "UnsuccessfulFaceAssociations": failed,
        "UserStatus": collection.users[user],
    }


def _association_fault(
    collection: Collection, identity: str, user: str, threshold: float
) -> Json | None:
    known, own = collection.faces.get(identity), collection.of_user(user)
    if known is None:
        return {"Reasons": ["FACE_NOT_FOUND"]}
    if known.user is not None:
        return {"UserId": known.user, "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    if len(own) >= MOST_FACES_OF_USER:
        raise RefusedRequestError(
            "ServiceQuotaExceededException",
            f"A user has at most {MOST_FACES_OF_USER} faces, {user} has them",
        )
    sure = max((similarity(known.face, one.face) for one in own), default=100.0)
    if sure < threshold:
        return {"Confidence": sure, "Reasons": ["LOW_MATCH_CONFIDENCE"]}
    return None


def _disassociate(collection: Collection, request: Mapping[str, Any]) -> Json:
    user = request["UserId"]
    collection.require_user(user)
    done, failed = [], []
    for identity in dict.fromkeys(request["FaceIds"]):
        known = collection.faces.get(identity)
        if known is None or known.user is None:
            failed.append({"FaceId": identity, "Reasons": ["FACE_NOT_FOUND"]})
        elif known.user != user:
            why = ["ASSOCIATED_TO_A_DIFFERENT_USER"]
            failed.append({"FaceId": identity, "UserId": known.user, "Reasons": why})
        else:
            collection.assign([identity], None)
            done.append({"FaceId": identity})
    if not collection.of_user(user):
        collection.users[user] = CREATED
    return {
        "DisassociatedFaces": done,
        "UnsuccessfulFaceDisassociations": failed,
        "UserStatus": collection.users[user],
    }
