"""A build's log: what its commands print, sent to CloudWatch Logs by the service role."""

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from emulator.codebuild.errors import PhaseError

FLUSH_SECONDS = 0.5
"""How long a line waits at most, on the wall's clock, before it is sent."""
_BATCH_EVENTS = 1000
_LONGEST_EVENT_BYTES = 250_000
_MASK = "***"


class BuildLog:
    """Reads what is written to `output`, a pipe, and sends it in batches; no line is lost.

    `client` is None where the project has CloudWatch Logs disabled: lines are then dropped, as
    on AWS.
    """

    def __init__(self, client: Any, group: str, stream: str) -> None:
        self._client = client
        self._group = group
        self._stream = stream
        self._secrets: tuple[str, ...] = ()
        self._lines: list[tuple[int, str]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._failure: ClientError | None = None
        self._reading, self.output = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True, name="build-output")
        self._sender = threading.Thread(target=self._send, daemon=True, name="build-log")

    def open(self) -> None:
        """The stream exists and lines are sent to it; ClientError where the role may not."""
        if self._client is not None:
            self._make_group()
            self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
        self._reader.start()
        self._sender.start()

    def mask(self, secrets: Sequence[str]) -> None:
        """Those texts are shown as asterisks from now on."""
        self._secrets = tuple(sorted((s for s in secrets if s), key=len, reverse=True))

    def say(self, text: str) -> None:
        """A line of CodeBuild's own, after everything that was printed before."""
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime())
        os.write(self.output, f"[Container] {stamp} {text}\n".encode())

    def close(self) -> None:
        """Everything was sent; PhaseError if CloudWatch Logs took none of it."""
        os.close(self.output)
        if self._reader.is_alive():
            self._reader.join(2.0)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._sender.is_alive():
            self._sender.join()
        if self._failure is not None:
            raise PhaseError("CLIENT_ERROR", str(self._failure)) from self._failure

    def _make_group(self) -> None:
        try:
            self._client.create_log_group(logGroupName=self._group)
        except ClientError as error:
            # A role that may not make the group may use one that exists.
            if error.response["Error"]["Code"] not in (
                "ResourceAlreadyExistsException",
                "AccessDeniedException",
            ):
                raise

    def _read(self) -> None:
        with os.fdopen(self._reading, "r", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self._add(line.rstrip("\n"))

    def _add(self, text: str) -> None:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        with self._changed:
            self._lines.append((int(time.time() * 1000), text[:_LONGEST_EVENT_BYTES] or " "))
            self._changed.notify_all()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._lines) or self._closing)
                self._changed.wait_for(lambda: self._closing, FLUSH_SECONDS)
                batch, self._lines = self._lines[:_BATCH_EVENTS], self._lines[_BATCH_EVENTS:]
                last = self._closing and not self._lines
            self._put(batch)
            if last:
                return

    def _put(self, batch: Sequence[tuple[int, str]]) -> None:
        if self._client is None or not batch:
            return
        events = [{"timestamp": stamp, "message": text} for stamp, text in batch]
        try:
            self._client.put_log_events(
                logGroupName=self._group, logStreamName=self._stream, logEvents=events
            )
        except ClientError as error:
            self._failure = error
