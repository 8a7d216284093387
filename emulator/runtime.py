"""What the services of the embedded cloud are given when they are installed.

One `Runtime` exists per server process. It hands out clock, addresses, sessions and the end of
life; it knows no service.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from emulator import loopback
from emulator.clock import CloudClock
from emulator.settings import Settings
from emulator.timekeeper import Timekeeper

if TYPE_CHECKING:
    import boto3

_log = logging.getLogger(__name__)

T = TypeVar("T")

Hook = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What signs a request; the token only for a role's session."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def of_sts(cls, given: Mapping[str, Any]) -> "Credentials":
        """Those in STS's answer, its member `Credentials`."""
        return cls(
            access_key=given["AccessKeyId"],
            secret_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
        )

    def record(self) -> dict[str, str]:
        """The keys of a user in JSON types, secret and all: `Credentials(**record)`."""
        return {"access_key": self.access_key, "secret_key": self.secret_key}

    def environment(self) -> dict[str, str]:
        """The variables by which every AWS SDK finds them."""
        variables = {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }
        if self.session_token is not None:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables

    def session(self, *, endpoint_url: str, region: str) -> "boto3.Session":
        """A session that signs with them; imports boto3, which takes 0.2 s the first time."""
        from emulator.sessions import CloudSession  # noqa: PLC0415 - the server starts without it

        return CloudSession(self, endpoint_url=endpoint_url, region=region)


@dataclass(kw_only=True, slots=True)
class Runtime:
    """The server process, as a service sees it.

    `on_start` hooks run on the event loop once requests are accepted, `on_stop` hooks when the
    server ends by request (not on kill -9), last registered first.
    """

    settings: Settings
    keeper: Timekeeper
    port: int
    state_directory: Path
    role_credentials: Callable[[str, str], Credentials]
    administrators: dict[str, Credentials] = field(default_factory=dict)
    """Who may do everything, by account; there before the first request is accepted."""
    low_port_offset: int = 0
    """What is added to ports under 1024, which not every user may open."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What plugins tell whoever started the cloud, in its JSON line; set by start hooks."""
    loop: asyncio.AbstractEventLoop | None = None
    start_hooks: list[Hook] = field(default_factory=list)
    stop_hooks: list[Hook] = field(default_factory=list)

    @property
    def clock(self) -> CloudClock:
        """What time it is."""
        return self.keeper.clock

    @property
    def endpoint_url(self) -> str:
        """The front door; an IP address, so that every SDK uses path-style S3."""
        return f"http://127.0.0.1:{self.port}"

    def session_for_role(self, role_arn: str, session_name: str) -> "boto3.Session":
        """A session as the service that assumed `role_arn` has; every call it makes is enforced."""
        credentials = self.role_credentials(role_arn, session_name)
        return credentials.session(endpoint_url=self.endpoint_url, region=self.settings.region)

    def local_port(self, port: int) -> int:
        """Where a port that a template or a URL names is opened on this machine."""
        return loopback.local_port(port, self.low_port_offset)

    def run_on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the coroutine, run on the event loop; for threads that may block."""
        if self.loop is None:
            work.close()
            raise RuntimeError("the embedded cloud has not started yet")
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def on_start(self, hook: Hook) -> None:
        """`hook` runs on the event loop before the first request is accepted."""
        self.start_hooks.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """`hook` runs when the server ends."""
        self.stop_hooks.append(hook)

    async def started(self) -> None:
        """All start hooks have run."""
        self.loop = asyncio.get_running_loop()
        for hook in self.start_hooks:
            await hook()

    async def stopped(self) -> None:
        """All stop hooks have run, each even if another failed."""
        for hook in reversed(self.stop_hooks):
            try:
                await hook()
            except Exception:  # noqa: BLE001 - the others must still run
                _log.exception("a stop hook failed: %r", hook)
