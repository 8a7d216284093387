"""Component versions: each is made once, and never changes."""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.site import Tenant
from emulator.greengrass.recipes import ReadObject, Recipe, read_recipe
from emulator.jsonapi import Json, RefusedRequestError

ENGINE = "recorded"
PAGES = Paging(most=100, code="ValidationException", size="maxResults", token="nextToken")  # noqa: S106 - a member's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A component version of a tenant; `created` is a moment of the cloud's clock."""

    tenant: Tenant
    recipe: Recipe
    created: float
    tags: Mapping[str, str]

    @property
    def arn(self) -> str:
        """The ARN of the version."""
        return f"{self.component_arn}:versions:{self.recipe.version}"

    @property
    def component_arn(self) -> str:
        """The ARN of the component."""
        account, region = self.tenant
        return f"arn:aws:greengrass:{region}:{account}:components:{self.recipe.name}"


@dataclass(kw_only=True, slots=True)
class Components:
    """The component versions of every tenant, oldest first."""

    now: Callable[[], float]
    _kept: dict[tuple[Tenant, str, str], Component] = field(default_factory=dict)
    _tokens: dict[tuple[Tenant, str], Component] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateComponentVersion": self._create,
            "DescribeComponent": self._describe,
            "GetComponent": self._get,
            "ListComponents": self._list,
            "ListComponentVersions": self._versions,
            "DeleteComponent": self._delete,
        }

    def find(self, tenant: Tenant, name: str, version: str) -> Component | None:
        """That version of a component, None where there is none."""
        return self._kept.get((tenant, name, version))

    def by_arn(self, tenant: Tenant, arn: str) -> Component:
        """The version of an ARN; ResourceNotFoundException without one."""
        for component in self._of(tenant):
            if component.arn == arn:
                return component
        raise RefusedRequestError("ResourceNotFoundException", f"There is no component {arn}")

    def create(
        self, tenant: Tenant, blob: str, objects: ReadObject, tags: Mapping[str, str]
    ) -> Component:
        """There is a new version; ConflictException if there was one of its number."""
        recipe = read_recipe(blob, objects)
        key = (tenant, recipe.name, recipe.version)
        made = Component(tenant=tenant, recipe=recipe, created=self.now(), tags=dict(tags))
        with self._lock:
            if key in self._kept:
                raise RefusedRequestError(
                    "ConflictException",
                    f"Component [{recipe.name} : {recipe.version}] exists: "
                    "a component version never changes, make another",
                )
            self._kept[key] = made
        return made

    def remove(self, component: Component) -> None:
        """There is no such version any more; devices keep what they have."""
        key = (component.tenant, component.recipe.name, component.recipe.version)
        with self._lock:
            self._kept.pop(key, None)

    def _of(self, tenant: Tenant) -> list[Component]:
        with self._lock:
            return [one for (owner, _, _), one in self._kept.items() if owner == tenant]

    def _create(self, call: Call) -> Answer:
        token, blob = call.request.get("clientToken"), call.request.get("inlineRecipe")
        known = self._tokens.get((call.tenant, str(token))) if token else None
        if known is None:
            if blob is None:
                message = "only inline recipes are emulated: a Lambda function makes no component"
                raise RefusedRequestError("ValidationException", message)
            s3 = call.client("s3")
            known = self.create(
                call.tenant,
                blob,
                lambda bucket, key: read_object(s3, bucket, key),
                call.request.get("tags") or {},
            )
            if token:
                self._tokens[call.tenant, str(token)] = known
        return Answer(
            body={
                "arn": known.arn,
                "componentName": known.recipe.name,
                "componentVersion": known.recipe.version,
                "creationTimestamp": known.created,
                "status": _STATUS,
            },
            engine=ENGINE,
        )

    def _describe(self, call: Call) -> Answer:
        found = self.by_arn(call.tenant, call.request["arn"])
        document = found.recipe.document
        platforms = [m["Platform"] for m in document["Manifests"] if "Platform" in m]
        told: Json = {
            "arn": found.arn,
            "componentName": found.recipe.name,
            "componentVersion": found.recipe.version,
            "creationTimestamp": found.created,
            "publisher": document.get("ComponentPublisher"),
            "description": document.get("ComponentDescription"),
            "status": _STATUS,
            "platforms": [{"attributes": {k: str(v) for k, v in p.items()}} for p in platforms],
            "tags": dict(found.tags) or None,
        }
        return Answer(body={k: v for k, v in told.items() if v is not None}, engine=ENGINE)

    def _get(self, call: Call) -> Answer:
        found = self.by_arn(call.tenant, call.request["arn"])
        text = json.dumps(found.recipe.document).encode()
        told = {"recipeOutputFormat": "JSON", "recipe": base64.b64encode(text).decode()}
        return Answer(body=told, engine=ENGINE)

    def _list(self, call: Call) -> Answer:
        newest = {one.component_arn: one for one in self._of(call.tenant)}
        told = [
            {
                "arn": arn,
                "componentName": one.recipe.name,
                "latestVersion": {
                    "arn": one.arn,
                    "componentVersion": one.recipe.version,
                    "creationTimestamp": one.created,
                },
            }
            for arn, one in newest.items()
        ]
        return Answer(body=PAGES.page(told, call.request, member="components"), engine=ENGINE)

    def _versions(self, call: Call) -> Answer:
        told = [
            {
                "arn": one.arn,
                "componentName": one.recipe.name,
                "componentVersion": one.recipe.version,
            }
            for one in reversed(self._of(call.tenant))
            if one.component_arn == call.request["arn"]
        ]
        return Answer(
            body=PAGES.page(told, call.request, member="componentVersions"), engine=ENGINE
        )

    def _delete(self, call: Call) -> Answer:
        self.remove(self.by_arn(call.tenant, call.request["arn"]))
        return Answer(body={}, engine=ENGINE)


_STATUS: Json = {"componentState": "DEPLOYABLE", "message": "NONE", "errors": {}}


def read_object(s3: Any, bucket: str, key: str) -> bytes | None:
    """The bytes of an object, None where it can't be read; it blocks."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError:
        return None
    return body
