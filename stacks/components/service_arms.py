"""Arms of an AI service: sets of settings in slots, guarded and verified like a model's versions.

What is live keeps its document, wherever it was published; a deploy changes idle slots only.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, sub
from stacks.components.blueprint import Blueprint
from stacks.components.gate import GUARD_FUNCTION, GUARD_TYPE, VERIFY_FUNCTION, VERIFY_TYPE
from stacks.components.service_own import settings_identity
from stacks.project.names import export_name, function_name, release_stack_name
from stacks.project.placement import Placement, place, place_arms
from stacks.project.spec import ServiceSpec
from tidegate.ai.kind import Place
from tidegate.ai.typed import to_json
from tidegate.asynchronous import split_url
from tidegate.managed import managed_name
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version, digest_of

GUARD, VERIFICATION = "ReleaseGuard", "ReleaseVerify"
Publish = Callable[[Any], tuple[str, str]]
"""Puts a document with settings among the assets: its bucket and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArms:
    """What is in the slots of a service that is released."""

    place: Place
    arns: Arns
    spec: ServiceSpec
    placement: Placement

    @property
    def documents(self) -> Mapping[Slot, tuple[str, str]]:
        """Bucket and key of the document in each slot."""
        return {slot: split_url(v.artifact_uri) for slot, v in self.placement.slots.items()}

    @property
    def environment(self) -> Mapping[str, Any]:
        """What functions are told: documents by slot, and where shares and counts are."""
        documents = {s.value: {"bucket": b, "key": k} for s, (b, k) in self.documents.items()}
        return {
            "AI_ARMS": sub(json.dumps(documents, sort_keys=True)),
            "RELEASE_TABLE": self._imported("ReleaseTableName"),
            "OBSERVATION_TABLE": self._imported("ObservationTableName"),
            "SIGNING_SECRET_ARN": self._imported("SigningSecretArn"),
        }

    def door_statements(self) -> list[dict[str, Any]]:
        """To draw an arm, to sign what it answered, and to count it."""
        counted = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        return [
            *self.worker_statements(),
            allow(["secretsmanager:GetSecretValue"], [self._imported("SigningSecretArn")]),
            allow(counted, [self._table("ObservationTableName")]),
        ]

    def worker_statements(self) -> list[dict[str, Any]]:
        """To know which arm is live."""
        return [allow(["dynamodb:GetItem"], [self._table("ReleaseTableName")])]

    def _imported(self, output: str) -> dict[str, Any]:
        stack = release_stack_name(self.place.project, self.place.stage)
        return {"Fn::ImportValue": export_name(stack, output)}

    def _table(self, output: str) -> dict[str, Any]:
        table = self.arns.text("dynamodb", "table/${Table}")
        return {"Fn::Sub": [table, {"Table": self._imported(output)}]}


def placed(spec: ServiceSpec, pointer: LivePointer | None, *, publish: Publish) -> Placement:
    """What is in which slot: the live settings stay where they are."""
    own = _version(spec, spec.label, spec.settings, publish)
    if spec.release is None or not spec.release.challengers:
        return place(own, pointer)
    others = [_version(spec, a.label, a.settings, publish) for a in spec.release.challengers]
    return place_arms([own, *others], pointer)


def _version(spec: ServiceSpec, label: str, settings: Any, publish: Publish) -> Version:
    identity = settings_identity(to_json(settings))
    image = f"service/{spec.kind}"
    bucket, key = publish(settings)
    return Version(
        digest=digest_of(image=image, artifact=identity, environment={}),
        label=label,
        image=image,
        artifact=identity,
        artifact_uri=f"s3://{bucket}/{key}",
    )


def add_guard(blueprint: Blueprint, arms: ServiceArms) -> str:
    """A deploy that would change what is live fails before it changes anything. The guard's id."""
    properties = {"ServiceToken": _token(arms, GUARD_FUNCTION), **_declared(arms)}
    return blueprint.add(GUARD, GUARD_TYPE, properties)


def add_verification(blueprint: Blueprint, arms: ServiceArms, *, after: list[str]) -> None:
    """Once the functions are deployed their slots are declared, and may be released."""
    properties = {"ServiceToken": _token(arms, VERIFY_FUNCTION), **_declared(arms)}
    config = {"EndpointConfigName": _config(arms.placement)}
    blueprint.add(VERIFICATION, VERIFY_TYPE, {**properties, **config}, after=after)


def _token(arms: ServiceArms, function: str) -> Any:
    name = function_name(arms.place.project, arms.place.stage, function)
    return arms.arns.of("lambda", f"function:{name}")


def _declared(arms: ServiceArms) -> Mapping[str, Any]:
    if arms.spec.release is None:
        raise ValueError(f"service {arms.spec.name} is not released")
    slots = {
        slot.value: {**version.to_json(), "artifact_uri": sub(version.artifact_uri)}
        for slot, version in arms.placement.slots.items()
    }
    plan = arms.spec.release.plan.to_json()
    return {
        "Model": arms.spec.name,
        "EndpointName": managed_name(arms.place.prefix),
        "Slots": slots,
        "Live": arms.placement.live.value,
        "Plan": json.dumps(plan, sort_keys=True, separators=(",", ":")),
    }


def _config(placement: Placement) -> str:
    """What is in the slots, as one name."""
    told = {slot.value: version.digest for slot, version in sorted(placement.slots.items())}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return f"settings-{digest[:16]}"
