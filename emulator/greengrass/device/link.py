"""What a device says to the embedded cloud: signed requests to the plane, objects from S3."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from emulator.runtime import Credentials

_PATH = "/_embedded/greengrass/devices/"
_SECONDS = 30


class LinkError(Exception):
    """The cloud refused or could not be reached; the message says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A thing's line to its cloud. `keys` may act as a device."""

    thing: str
    endpoint_url: str
    region: str
    keys: Credentials
    role_alias: str
    _sessions: list[Credentials] = field(default_factory=list)
    """The session that is used while it lasts: here, as long as the cloud."""

    def sync(self, status: dict[str, Any]) -> list[dict[str, Any]]:
        """The device's status is told; the deployments that are in force for it."""
        found: list[dict[str, Any]] = self._post("sync", status)["deployments"]
        return found

    def presence(self, *, connected: bool) -> None:
        """The device connected, or is gone."""
        self._post("presence", {"connected": connected})

    def credentials(self) -> dict[str, Any]:
        """A session of the role alias, as the token exchange service hands it out."""
        return self._post("credentials", {"roleAlias": self.role_alias})

    def object(self, bucket: str, key: str) -> bytes:
        """An object, read with the device's own rights; LinkError where it can't be."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        keys = self._session()
        s3 = keys.session(endpoint_url=self.endpoint_url, region=self.region).client("s3")
        try:
            body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise LinkError(f"s3://{bucket}/{key} can't be read: {error}") from error
        return body

    def publish(self, topic: str, payload: bytes) -> None:
        """The payload is on the topic of IoT, sent with the device's own rights."""
        url = f"{self.endpoint_url}/topics/{quote(topic, safe='')}?qos=1"
        headers = _signed(url, payload, self._session(), service="iotdata", region=self.region)
        self._sent(url, payload, headers)

    def _session(self) -> Credentials:
        """Keys of a session of the role alias."""
        if not self._sessions:
            told = self.credentials()
            keys = Credentials(
                access_key=told["accessKeyId"],
                secret_key=told["secretAccessKey"],
                session_token=told["sessionToken"],
            )
            self._sessions.append(keys)
        return self._sessions[0]

    def _post(self, verb: str, told: dict[str, Any]) -> dict[str, Any]:
        url, body = f"{self.endpoint_url}{_PATH}{self.thing}/{verb}", json.dumps(told).encode()
        headers = _signed(url, body, self.keys, service="embedded-cloud", region=self.region)
        found: dict[str, Any] = json.loads(self._sent(url, body, headers))
        return found

    def _sent(self, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the cloud's own address
            url, data=body, headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                found: bytes = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise LinkError(f"{url} was refused: {said}") from error
        except OSError as error:
            raise LinkError(f"{url} could not be reached: {error}") from error
        return found


def _signed(
    url: str, body: bytes, keys: Credentials, *, service: str, region: str
) -> dict[str, str]:
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - a device starts without botocore
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415
    from botocore.credentials import Credentials as SigningKeys  # noqa: PLC0415

    request = AWSRequest(method="POST", url=url, data=body)
    given = SigningKeys(keys.access_key, keys.secret_key, keys.session_token)
    SigV4Auth(given, service, region).add_auth(request)
    return dict(request.headers.items())
