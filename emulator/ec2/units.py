"""systemd units that serve a model: which artifact they fetch, which container they run. Pure.

Source: systemd.service(5) for the keys and the prefixes of commands, the command line references of
`docker run` and `aws s3 cp` for theirs.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MODEL_DIR = "/opt/ml/model"
"""Where a container of SageMaker finds its model."""
_FLAGS = frozenset({"--rm", "--init", "--read-only", "-d", "--detach", "-i", "-t", "-it"})
"""Options of `docker run` without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that a unit keeps running; `port` is the instance's that it answers at."""

    image: str
    port: int
    environment: Mapping[str, str]
    log_group: str | None = None
    artifact: str | None = None
    """The s3:// URL of what is unpacked where it looks for its model; None if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a unit does, as far as it is understood; `not_run` are its other commands."""

    container: Container | None
    not_run: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    fetched: dict[str, str] = field(default_factory=dict)
    unpacked: dict[str, str] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)


def service_of(unit: str, files: Mapping[str, str]) -> Service:
    """The service in a unit's text; `files` are those that user data wrote."""
    reading = _Reading()
    for command in _values(unit, "ExecStartPre"):
        _prepare(command, reading)
    container = None
    for command in _values(unit, "ExecStart"):
        words = _split(command)
        if words[:2] == ["docker", "run"]:
            container = _container(words[2:], reading, files)
        else:
            reading.not_run.append(command)
    return Service(container=container, not_run=tuple(reading.not_run))


def _values(unit: str, key: str) -> Iterator[str]:
    for line in unit.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == key and value.strip():
            yield value.strip()


def _split(command: str) -> list[str]:
    """The words of a command, its program without folder and systemd's prefixes."""
    words = [_unescaped(word) for word in shlex.split(command.lstrip("-@:+!"))]
    return [words[0].rpartition("/")[2], *words[1:]] if words else []


def _unescaped(word: str) -> str:
    return word.replace("%%", "%").replace("$$", "$")


def _prepare(command: str, reading: _Reading) -> None:
    words = _split(command)
    plain = [word for word in words if not word.startswith("-")]
    if plain[:3] == ["aws", "s3", "cp"] and len(plain) >= 5:
        reading.fetched[plain[4]] = plain[3]
    elif words[:1] == ["tar"] and "-C" in words:
        archive = next((word for word in plain[1:] if word in reading.fetched), "")
        reading.unpacked[words[words.index("-C") + 1].rstrip("/")] = archive
    else:
        reading.not_run.append(command)


def _container(words: list[str], reading: _Reading, files: Mapping[str, str]) -> Container:
    options, image = _options(words)
    environment: dict[str, str] = {}
    for path in options.get("--env-file", []):
        environment |= _variables(files.get(path, "").splitlines())
    environment |= _variables(options.get("--env", []) + options.get("-e", []))
    published = [*options.get("--publish", []), *options.get("-p", [])]
    log = dict(pair.partition("=")[::2] for pair in options.get("--log-opt", []))
    return Container(
        image=image,
        port=int(published[0].split(":")[-2]) if published else 0,
        environment=environment,
        log_group=log.get("awslogs-group"),
        artifact=_artifact([*options.get("--volume", []), *options.get("-v", [])], reading),
    )


def _artifact(volumes: list[str], reading: _Reading) -> str | None:
    for volume in volumes:
        source, _, rest = volume.partition(":")
        if rest.partition(":")[0] == MODEL_DIR and source.rstrip("/") in reading.unpacked:
            return reading.fetched.get(reading.unpacked[source.rstrip("/")])
    return None


def _options(words: list[str]) -> tuple[dict[str, list[str]], str]:
    """Values by option, and the image, which is the first word that belongs to none."""
    found: dict[str, list[str]] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            return found, word
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            continue
        found.setdefault(name, []).append(value if equals else next(rest, ""))
    return found, ""


def _variables(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
