"""The token exchange service of a device: sessions of its role alias, for its components.

Components find it by AWS_CONTAINER_CREDENTIALS_FULL_URI and the token beside it, as SDKs do.
Greengrass developer guide, "Interact with AWS services".
"""

import functools
import json
import secrets
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from emulator.greengrass.device.link import Link, LinkError

_PATH = "/2016-11-01/credentialprovider/"


class Exchange:
    """Serves on loopback until it is closed."""

    def __init__(self, link: Link) -> None:
        self._token = secrets.token_urlsafe(24)
        handler = functools.partial(_Handler, link, self._token)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """What components need to find it."""
        port = self._server.server_address[1]
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}{_PATH}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }

    def close(self) -> None:
        """It serves no more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, link: Link, token: str, *rest: Any) -> None:
        self.link, self.token = link, token
        super().__init__(*rest)

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.token or self.path != _PATH:
            self._send(403, {"message": "no component of this device"})
            return
        try:
            told = self.link.credentials()
        except LinkError as error:
            self._send(503, {"message": str(error)})
            return
        # The SDK compares it with the machine's own clock, which the cloud's may be far ahead of.
        until = datetime.fromtimestamp(max(told["expiration"], 0), UTC)
        self._send(
            200,
            {
                "AccessKeyId": told["accessKeyId"],
                "SecretAccessKey": told["secretAccessKey"],
                "Token": told["sessionToken"],
                "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        )

    def _send(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """A device's own log is its components'."""
