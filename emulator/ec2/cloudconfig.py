"""User data of an instance, as far as it is declarative: a cloud-config.

Source: cloud-init's reference, "Cloud config modules" (write_files, packages, runcmd).
"""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEADER = "#cloud-config"
UNITS = "/etc/systemd/system/"
LONGEST_BYTES = 16 * 1024
"""User data before it is encoded (EC2 user guide, "Run commands when you launch an instance")."""


class UserDataError(Exception):
    """User data that no instance could begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """What an instance is told to write and to run once, when it starts for the first time."""

    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def started_units(self) -> tuple[str, ...]:
        """The texts of those units that a command starts, in the order of the commands."""
        started = [
            word.removesuffix(".service")
            for command in self.commands
            if _starts(command)
            for word in command[2:]
            if not word.startswith("-")
        ]
        units = {
            path.removeprefix(UNITS).removesuffix(".service"): text
            for path, text in self.files.items()
            if path.startswith(UNITS)
        }
        return tuple(units[name] for name in dict.fromkeys(started) if name in units)

    @property
    def not_run(self) -> tuple[str, ...]:
        """What is written down and not run: packages, and commands that start no unit."""
        installed = [f"install {name}" for name in self.packages]
        others = [" ".join(command) for command in self.commands if command[:1] != ("systemctl",)]
        return (*installed, *others)


def _starts(command: tuple[str, ...]) -> bool:
    """`systemctl start`, `systemctl restart` or `systemctl enable --now`."""
    verb = command[1] if len(command) > 1 and command[0] == "systemctl" else ""
    return verb in {"start", "restart"} or (verb == "enable" and "--now" in command)


def parsed(user_data: str) -> CloudConfig:
    """The cloud-config in base64 of user data; an empty one where there is none.

    UserDataError for what is too long or can't be read; a script is not run, and told.
    """
    if not user_data:
        return CloudConfig()
    try:
        text = base64.b64decode(user_data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UserDataError(f"user data is not base64 of text: {error}") from error
    if len(text.encode()) > LONGEST_BYTES:
        raise UserDataError(f"user data has over {LONGEST_BYTES} bytes")
    if text.partition("\n")[0].rstrip() != HEADER:
        return CloudConfig(commands=((text.partition("\n")[0], "(a script)"),))
    document = _yaml(text)
    return CloudConfig(
        files={str(file["path"]): str(file["content"]) for file in document.get("write_files", [])},
        commands=tuple(_words(command) for command in document.get("runcmd", [])),
        packages=tuple(str(name) for name in document.get("packages", [])),
    )


def _yaml(text: str) -> Mapping[str, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415 - loaded by the first instance
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - the same

    try:
        document = YAML(typ="safe").load(io.StringIO(text))
    except YAMLError as error:
        raise UserDataError(f"the cloud-config is not YAML: {error}") from error
    if not isinstance(document, Mapping):
        raise UserDataError("the cloud-config is no mapping")
    return document


def _words(command: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in command) if isinstance(command, list) else (str(command),)
