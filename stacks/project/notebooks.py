"""Notebooks of the project file: what is wrong with them, and their specification."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf
from stacks.project.notebook_shape import Internet, NotebookFile
from stacks.project.notebook_spec import NotebookSpec, Subnet
from stacks.project.source import Location, Source
from stacks.project.tables import notebook_types

LEAST_IDLE_SECONDS, MOST_IDLE_SECONDS = 600, 7 * DAY
_MOST_SAMPLE_BYTES = 6_000_000
"""What an endpoint takes at once (InvokeEndpoint, 6 MB)."""


def notebook_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the notebook at a location."""
    try:
        file = NotebookFile.model_validate(raw)
    except ValidationError:
        return  # its shape is told of already

    def fault(message: str, *keys: str) -> Fault:
        return source.fault((*at, *keys), message)

    if file.instance_type not in notebook_types():
        meant = did_you_mean(file.instance_type, notebook_types())
        yield fault(f"instance_type is {file.instance_type!r}: {meant}", "instance_type")
    if file.idle_stop is not None:
        idle = seconds_of(file.idle_stop)
        if not LEAST_IDLE_SECONDS <= idle <= MOST_IDLE_SECONDS:
            words = f"idle_stop is {file.idle_stop!r}, must be 10m to 7d, or null"
            yield fault(words, "idle_stop")
    yield from _network_faults(file, fault)
    yield from _model_faults(file, source.value.get("models"), fault)
    if file.sample is not None:
        yield from _sample_faults(file.sample, shelf, fault)


def _model_faults(file: NotebookFile, models: Any, fault: Callable[..., Fault]) -> Iterator[Fault]:
    known = models if isinstance(models, Mapping) else {}
    hosted = {
        name: model["hosting"]
        for name, model in known.items()
        if isinstance(model, Mapping) and model.get("hosting")
    }
    on_endpoints = [name for name, hosting in hosted.items() if "ec2" not in hosting]
    for model in file.models:
        if model not in hosted:
            words = f"models names {model!r}, which is no hosted model of the project"
            yield fault(f"{words}: {did_you_mean(model, on_endpoints)}", "models")
        elif model not in on_endpoints:
            words = f"models names {model!r}, which is on EC2 instances and has no endpoint to ask"
            yield fault(f"{words}: name others, or ask it by the front door", "models")


def _network_faults(file: NotebookFile, fault: Callable[..., Fault]) -> Iterator[Fault]:
    if file.network is not None and file.internet is Internet.DIRECT:
        words = (
            "internet is direct and there is a network: in a network of yours its routes say what "
            "is reached, so drop one of the two"
        )
        yield fault(words, "internet")
    if file.repository is not None and file.network is None and file.internet is Internet.NONE:
        words = (
            "repository cannot be cloned without a way out: choose internet: direct, or a network "
            "of yours that reaches it"
        )
        yield fault(words, "repository")


def _sample_faults(name: str, shelf: Shelf, fault: Callable[..., Fault]) -> Iterator[Fault]:
    path = shelf.root / name
    if not path.is_file():
        words = f"sample is {name!r}: no such file; paths start at the project file"
        yield fault(words, "sample")
    elif path.stat().st_size > _MOST_SAMPLE_BYTES:
        words = f"sample has {path.stat().st_size} bytes, an endpoint takes {_MOST_SAMPLE_BYTES}"
        yield fault(words, "sample")


def notebook_of(name: str, file: NotebookFile, shelf: Shelf) -> NotebookSpec:
    """The specification of a notebook without faults."""
    network = file.network
    return NotebookSpec(
        name=name,
        instance_type=file.instance_type,
        volume_gb=file.volume_gb,
        idle_seconds=None if file.idle_stop is None else seconds_of(file.idle_stop),
        internet=file.internet,
        subnet=None
        if network is None
        else Subnet(id=network.subnet, security_groups=tuple(network.security_groups)),
        repository=file.repository,
        models=tuple(file.models),
        sample=None if file.sample is None else shelf.root / file.sample,
        volume_key=file.volume_key,
    )
