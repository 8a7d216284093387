"""Repository associations: buckets whose archives may be reviewed."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.site import Tenant
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

ENGINE = "recorded"
ASSOCIATING_SECONDS = 2.0
"""How long an association is `Associating`, on the cloud's clock."""
PREFIX = "codeguru-reviewer-"
"""What names of associated buckets begin with (user guide, "Working with repositories in S3")."""
_PAGES = Paging(most=100, code="ValidationException")
_BUCKET = "S3Bucket"


@dataclass(frozen=True, kw_only=True, slots=True)
class Association:
    """A bucket under the name of a repository."""

    tenant: Tenant
    id: str
    name: str
    bucket: str
    created: float
    tags: Mapping[str, str]
    ready: float
    """The moment from which it may be used."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        account, region = self.tenant
        return f"arn:aws:codeguru-reviewer:{region}:{account}:association:{self.id}"

    def shown(self, now: float) -> Json:
        """As the API describes it."""
        return {
            "AssociationId": self.id,
            "AssociationArn": self.arn,
            "Name": self.name,
            "Owner": self.tenant[0],
            "ProviderType": _BUCKET,
            "State": "Associated" if now >= self.ready else "Associating",
            "LastUpdatedTimeStamp": self.created,
            "CreatedTimeStamp": self.created,
        }


@dataclass(kw_only=True, slots=True)
class Associations:
    """The associations of every tenant."""

    now: Callable[[], float]
    _kept: dict[str, Association] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "AssociateRepository": self._associate,
            "DescribeRepositoryAssociation": self._describe,
            "ListRepositoryAssociations": self._list,
            "DisassociateRepository": self._disassociate,
        }

    def get(self, tenant: Tenant, arn: str) -> Association:
        """The association; NotFoundException without one."""
        found = self._kept.get(arn)
        if found is None or found.tenant != tenant:
            raise RefusedRequestError("NotFoundException", f"There is no association {arn}")
        return found

    def usable(self, tenant: Tenant, arn: str) -> Association:
        """The association, which is ready; ConflictException while it is being made."""
        found = self.get(tenant, arn)
        if self.now() < found.ready:
            raise RefusedRequestError("ConflictException", f"{arn} is Associating")
        return found

    def associate(
        self, tenant: Tenant, name: str, bucket: str, *, seconds: float = 0.0, **tags: str
    ) -> Association:
        """There is a new association, to be used after so many seconds."""
        if not bucket.startswith(PREFIX):
            raise RefusedRequestError(
                "ValidationException", f"The bucket's name must begin with {PREFIX}, got {bucket}"
            )
        with self._lock:
            if any(o.tenant == tenant and o.name == name for o in self._kept.values()):
                raise RefusedRequestError(
                    "ConflictException", f"The repository {name} is associated already"
                )
            now = self.now()
            made = Association(
                tenant=tenant,
                id=str(uuid.uuid4()),
                name=name,
                bucket=bucket,
                created=now,
                tags=tags,
                ready=now + seconds,
            )
            self._kept[made.arn] = made
            return made

    def forget(self, arn: str) -> None:
        """There is no such association."""
        self._kept.pop(arn, None)

    def _associate(self, call: Call) -> Answer:
        repository = call.request["Repository"]
        if set(repository) != {_BUCKET}:
            raise RefusedRequestError(NOT_EMULATED, not_emulated("repositories outside S3"))
        asked, tags = repository[_BUCKET], call.request.get("Tags", {})
        made = self.associate(
            call.tenant, asked["Name"], asked["BucketName"], seconds=ASSOCIATING_SECONDS, **tags
        )
        return self._answer(made)

    def _describe(self, call: Call) -> Answer:
        return self._answer(self.get(call.tenant, call.request["AssociationArn"]))

    def _list(self, call: Call) -> Answer:
        names = call.request.get("Names")
        found = [
            each
            for each in self._kept.values()
            if each.tenant == call.tenant and (names is None or each.name in names)
        ]
        page = _PAGES.page(
            [self._summary(each) for each in found],
            call.request,
            member="RepositoryAssociationSummaries",
        )
        return Answer(body=page, engine=ENGINE)

    def _disassociate(self, call: Call) -> Answer:
        found = self.get(call.tenant, call.request["AssociationArn"])
        self.forget(found.arn)
        shown = {**found.shown(self.now()), "State": "Disassociating"}
        body = {"RepositoryAssociation": shown, **_tagged(found)}
        return Answer(body=body, engine=ENGINE)

    def _answer(self, found: Association) -> Answer:
        shown = {
            **found.shown(self.now()),
            "S3RepositoryDetails": {"BucketName": found.bucket},
        }
        body = {"RepositoryAssociation": shown, **_tagged(found)}
        return Answer(body=body, engine=ENGINE)

    def _summary(self, found: Association) -> Json:
        left_out = {"CreatedTimeStamp"}
        shown = found.shown(self.now())
        return {key: value for key, value in shown.items() if key not in left_out}


def _tagged(found: Association) -> Json:
    """No tags are no member: the model wants one at least."""
    return {"Tags": dict(found.tags)} if found.tags else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class AssociationResource:
    """`AWS::CodeGuruReviewer::RepositoryAssociation` with a bucket; `Ref` is its ARN."""

    associations: Associations

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The association is there and can be used."""
        if properties["Type"] != _BUCKET:
            raise ResourceError(not_emulated(f"associations of type {properties['Type']}"))
        tenant = (context.account, context.region)
        bucket = str(properties.get("BucketName", ""))
        try:
            made = self.associations.associate(tenant, str(properties["Name"]), bucket)
        except RefusedRequestError as error:
            raise ResourceError(f"{error.message} ({error.code})") from error
        return Provisioned(physical_id=made.arn, attributes={"AssociationArn": made.arn})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Every property is create-only: what changed is another association."""
        if dict(old) != dict(new):
            return self.create(context, new)
        return Provisioned(physical_id=physical_id, attributes={"AssociationArn": physical_id})

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The association is gone."""
        del context, properties
        self.associations.forget(physical_id)
