"""What an embedded cloud can be told, and how it travels to the server process.

The settings go by command line; nothing is read from the caller's AWS_* variables, so that a
shell that points at a real account cannot leak into the embedded cloud.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a cloud is started.

    A `port` or `dns_port` of 0 takes a free one; `time_scale` is cloud seconds per wall second;
    without a `state_directory` a temporary one is used and removed; `lambda_environment` is added
    to every Lambda function's own variables. `other_accounts` are in the cloud besides `account`,
    each with an administrator of its own.
    """

    port: int = 0
    dns_port: int = 0
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT
    other_accounts: tuple[str, ...] = ()
    time_scale: float = 1.0
    state_directory: Path | None = None
    lambda_environment: Mapping[str, str] = field(default_factory=dict)
    log_level: str = "WARNING"

    def __post_init__(self) -> None:
        """Refuse what cannot work, all faults at once."""
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account of the cloud, its own first."""
        return (self.account, *self.other_accounts)

    def _faults(self) -> Sequence[str]:
        accounts = self.accounts
        odd = [name for name in accounts if re.fullmatch(r"\d{12}", name) is None]
        twice = sorted({name for name in accounts if accounts.count(name) > 1})
        checks = (
            (0 <= self.port <= 65535, f"port must be 0 (any free one) to 65535, got {self.port}"),
            (
                0 <= self.dns_port <= 65535,
                f"DNS port must be 0 (any free one) to 65535, got {self.dns_port}",
            ),
            (
                re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region) is not None,
                f"region must look like us-east-1, got {self.region!r}",
            ),
            (not odd, f"an account must have 12 digits, got {', '.join(map(repr, odd))}"),
            (not twice, f"an account can be named once, got {', '.join(twice)} twice"),
            (
                1.0 <= self.time_scale < float("inf"),
                f"time scale is cloud seconds per wall second, >= 1, got {self.time_scale}",
            ),
            (
                self.log_level in LOG_LEVELS,
                f"log level must be one of {', '.join(LOG_LEVELS)}, got {self.log_level!r}",
            ),
        )
        return [fault for holds, fault in checks if not holds]

    def arguments(self) -> list[str]:
        """The command line of `python -m emulator` that says the same."""
        pairs = [f"--lambda-environment={k}={v}" for k, v in self.lambda_environment.items()]
        return [
            f"--port={self.port}",
            f"--dns-port={self.dns_port}",
            f"--region={self.region}",
            *(f"--account={account}" for account in self.accounts),
            f"--time-scale={self.time_scale!r}",
            f"--log-level={self.log_level}",
            *([f"--state-directory={self.state_directory}"] if self.state_directory else []),
            *pairs,
        ]
