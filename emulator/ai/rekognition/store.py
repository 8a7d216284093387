"""Collections of faces and users, by account and region, until the cloud stops."""

import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from emulator.ai.rekognition.faces import Face, similarity
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

MODEL_VERSION = "7.0"
"""That of AWS's current face model."""
MOST_FACES_OF_USER = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """A face in a collection: what is kept of it, not the picture."""

    id: str
    image_id: str
    external_id: str | None
    face: Face
    user: str | None = None

    def shape(self) -> Json:
        """Rekognition's Face."""
        shown: Json = {
            "FaceId": self.id,
            "BoundingBox": self.face.place.shape(),
            "ImageId": self.image_id,
            "Confidence": self.face.confidence,
            "IndexFacesModelVersion": MODEL_VERSION,
        }
        if self.external_id is not None:
            shown["ExternalImageId"] = self.external_id
        if self.user is not None:
            shown["UserId"] = self.user
        return shown


@dataclass(kw_only=True, slots=True)
class Collection:
    """The faces by id, and the users by id with the status that Rekognition tells."""

    id: str
    arn: str
    created: float
    faces: dict[str, Indexed] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)

    def index(self, faces: Sequence[Face], external_id: str | None) -> list[Indexed]:
        """The faces of one picture are in the collection."""
        image = str(uuid.uuid4())
        made = [
            Indexed(id=str(uuid.uuid4()), image_id=image, external_id=external_id, face=face)
            for face in faces
        ]
        self.faces.update({one.id: one for one in made})
        return made

    def alike(self, face: Face, threshold: float) -> list[tuple[float, Indexed]]:
        """Faces that are at least so similar, the most similar first."""
        found = [(similarity(face, one.face), one) for one in self.faces.values()]
        kept = [pair for pair in found if pair[0] >= threshold]
        return sorted(kept, key=lambda pair: (-pair[0], pair[1].id))

    def users_alike(self, face: Face, threshold: float) -> list[tuple[float, str]]:
        """Users of whom a face is at least so similar, the most similar first."""
        best: dict[str, float] = {}
        for sure, one in self.alike(face, threshold):
            if one.user is not None:
                best[one.user] = max(sure, best.get(one.user, 0.0))
        return sorted(((sure, user) for user, sure in best.items()), key=lambda p: (-p[0], p[1]))

    def of_user(self, user: str) -> list[Indexed]:
        """The faces that are associated with the user."""
        return [one for one in self.faces.values() if one.user == user]

    def require_user(self, user: str) -> None:
        """ResourceNotFoundException if there is no such user."""
        if user not in self.users:
            raise RefusedRequestError(
                "ResourceNotFoundException",
                f"The user id: {user} does not exist in the collection: {self.id}",
            )

    def assign(self, ids: Iterable[str], user: str | None) -> None:
        """The faces are that user's, or nobody's."""
        for identity in ids:
            self.faces[identity] = replace(self.faces[identity], user=user)


@dataclass(kw_only=True, slots=True)
class Collections:
    """Every collection; whoever changes one holds `lock`."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    _kept: dict[tuple[str, str, str], Collection] = field(default_factory=dict)

    def create(self, tenant: Tenant, name: str, *, now: float) -> Collection:
        """There is a collection of that name; ResourceAlreadyExistsException if there was."""
        with self.lock:
            if (*tenant, name) in self._kept:
                raise RefusedRequestError(
                    "ResourceAlreadyExistsException", f"The collection id: {name} already exists"
                )
            made = Collection(id=name, arn=arn_of(tenant, name), created=now)
            self._kept[*tenant, name] = made
            return made

    def get(self, tenant: Tenant, name: str) -> Collection:
        """The collection; ResourceNotFoundException if there is none."""
        found = self._kept.get((*tenant, name))
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"The collection id: {name} does not exist"
            )
        return found

    def delete(self, tenant: Tenant, name: str) -> None:
        """Collection, faces and users are gone; ResourceNotFoundException if there was none."""
        with self.lock:
            self.get(tenant, name)
            del self._kept[*tenant, name]

    def names(self, tenant: Tenant) -> list[str]:
        """The tenant's, in order."""
        return sorted(name for *owner, name in self._kept if tuple(owner) == tenant)


def arn_of(tenant: Tenant, name: str) -> str:
    """The ARN of a collection."""
    account, region = tenant
    return f"arn:aws:rekognition:{region}:{account}:collection/{name}"


@dataclass(kw_only=True, slots=True)
class Tokens:
    """Client tokens of requests that change users: the same request again changes nothing."""

    _known: dict[tuple[str, ...], tuple[Json, Json]] = field(default_factory=dict)

    def answer(self, tenant: Tenant, operation: str, request: Mapping[str, object]) -> Json | None:
        """What was answered to the request with this token, None if it is new."""
        token = request.get("ClientRequestToken")
        known = self._known.get((*tenant, operation, str(token))) if token else None
        if known is None:
            return None
        if known[0] != request:
            raise RefusedRequestError(
                "IdempotentParameterMismatchException",
                "A ClientRequestToken was reused with other parameters",
            )
        return known[1]

    def keep(
        self, tenant: Tenant, operation: str, request: Mapping[str, object], answer: Json
    ) -> None:
        """The request was answered so."""
        token = request.get("ClientRequestToken")
        if token:
            self._known[*tenant, operation, str(token)] = (dict(request), answer)
