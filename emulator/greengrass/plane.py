"""What core devices and Greengrass say to one another, as a plane of our own on loopback.

On AWS the nucleus speaks MQTT with the device's certificate: IoT jobs bring deployments, status
goes back the same way, and a credentials provider hands out sessions of a role alias. Here signed
requests stand for all of that, below `/_embedded/greengrass/devices/THING`:

- `POST .../sync` tells what the device is and gets the deployments that are in force for it;
- `POST .../credentials` gets a session of a role alias, for that thing;
- `POST .../presence` is what IoT tells of a client that connected or disconnected.

Requests are signed for `embedded-cloud` and need `embedded-cloud:ActAsDevice`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.site import Tenant
from emulator.greengrass.aliases import Aliases
from emulator.greengrass.components import Components
from emulator.greengrass.cores import Cores, Status
from emulator.greengrass.deployments import Deployment, Deployments
from emulator.jsonapi import Json, RefusedRequestError
from emulator.runtime import Credentials
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

NAME = "embedded-cloud"
PATH = "/_embedded/greengrass/devices/"
ACTION = f"{NAME}:ActAsDevice"
ISSUER = "credentials.iot.amazonaws.com"
_PLACE = re.compile(
    rf"^{PATH}(?P<thing>[a-zA-Z0-9:_-]{{1,128}})/(?P<verb>sync|credentials|presence)$"
)

RoleCredentials = Callable[[str, str], Credentials]
"""(role ARN, session name) -> keys of a session of the role."""
PublishMessage = Callable[[Tenant, str, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plane:
    """All that devices reach."""

    components: Components
    deployments: Deployments
    cores: Cores
    aliases: Aliases
    groups_of: Callable[[Tenant, str], Sequence[str]]
    exists: Callable[[Tenant, str], bool]
    role_credentials: RoleCredentials
    trusts: Callable[[str, str], bool]
    publish_message: PublishMessage
    now: Callable[[], float]

    def service(self) -> Service:
        """The plane behind the front door."""
        return Service(
            name=f"{NAME}-greengrass",
            signing_name=NAME,
            claims=lambda method, path, _headers: method == "POST" and bool(_PLACE.match(path)),
            permissions=lambda _request: [Permission(action=ACTION)],
            handle=self._handle,
            denied_status=403,
        )

    async def _handle(self, request: Request) -> Response:
        match = _PLACE.match(request.path)
        assert match is not None  # noqa: S101 - claimed by this pattern
        thing, verb = match["thing"], match["verb"]
        tenant = (request.account, request.region)
        if not self.exists(tenant, thing):
            return error_response("ResourceNotFoundException", f"There is no thing {thing}")
        try:
            if verb == "presence":
                return json_response(await self._presence(tenant, thing, request.json()))
            work = self._sync if verb == "sync" else self._credentials
            return json_response(await asyncio.to_thread(work, tenant, thing, request.json()))
        except (RefusedRequestError, KeyError, ValueError) as error:
            code = getattr(error, "code", "ValidationException")
            return error_response(code, str(error))

    def _sync(self, tenant: Tenant, thing: str, told: Json) -> Json:
        self.cores.take(
            tenant,
            thing,
            Status(
                core_version=told["coreVersion"],
                platform=told["platform"],
                architecture=told["architecture"],
                components=told["components"],
                executions=told["executions"],
            ),
        )
        account, region = tenant
        targets = [
            f"arn:aws:iot:{region}:{account}:thing/{thing}",
            *self.groups_of(tenant, thing),
        ]
        found = self.deployments.in_force(tenant, targets)
        return {"deployments": [self._described(tenant, one) for one in found]}

    def _described(self, tenant: Tenant, deployment: Deployment) -> Json:
        components = {}
        for name, told in deployment.components.items():
            found = self.components.find(tenant, name, told["componentVersion"])
            components[name] = {
                "version": told["componentVersion"],
                "recipe": None if found is None else found.recipe.document,
                "configuration": told.get("configurationUpdate"),
            }
        return {
            "deploymentId": deployment.id,
            "created": deployment.created,
            "policies": dict(deployment.asked.get("deploymentPolicies") or {}),
            "components": components,
        }

    def _credentials(self, tenant: Tenant, thing: str, told: Json) -> Json:
        alias = self.aliases.get(tenant, told["roleAlias"])
        if not self.trusts(alias.role, ISSUER):
            raise RefusedRequestError(
                "AccessDeniedException", f"role {alias.role} does not trust {ISSUER}"
            )
        keys = self.role_credentials(alias.role, thing)
        return {
            "accessKeyId": keys.access_key,
            "secretAccessKey": keys.secret_key,
            "sessionToken": keys.session_token,
            "expiration": self.now() + alias.seconds,
        }

    async def _presence(self, tenant: Tenant, thing: str, told: Json) -> Json:
        kind = "connected" if told["connected"] else "disconnected"
        message = {
            "clientId": thing,
            "timestamp": round(self.now() * 1000),
            "eventType": kind,
            "principalIdentifier": thing,
        }
        await self.publish_message(tenant, f"$aws/events/presence/{kind}/{thing}", message)
        return {}
