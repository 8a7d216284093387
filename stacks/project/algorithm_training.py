"""Training by a built-in algorithm: channels, content types and hyperparameters by its table."""

from collections.abc import Iterable, Iterator, Mapping

from stacks.project.algorithms import Algorithm, algorithm
from stacks.project.faults import Fault, did_you_mean
from stacks.project.source import Location, Source
from stacks.project.tables import images
from stacks.project.training_shape import TrainingFile
from stacks.project.training_spec import AlgorithmSpec, ChannelSpec

TEST = "test"
"""What is held back for the evaluation; a channel of that name is of the algorithm as well."""
SCRIPT_FRAMEWORK = "scikit-learn"
"""Whose image runs the scripts of a model that an algorithm trains."""
_GPUS = ("ml.p", "ml.g")
_TRUTHS = {True: "true", False: "false"}


def algorithm_training_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm
) -> Iterator[Fault]:
    """Every fault of the section that the algorithm's table tells."""
    yield from _channel_faults(source, here, file, known)
    yield from _type_faults(source, here, file, known)
    yield from _hyperparameter_faults(source, here, file, known)
    if file.train is not None:
        words = f"train is a script, and {known.name} trains by itself: drop it"
        yield source.fault((*here, "train"), words)
    if file.metrics:
        listed = ", ".join(known.metrics) if known.metrics else "none that tuning could aim at"
        words = f"metrics are of training scripts; {known.name} has its own: {listed}"
        yield source.fault((*here, "metrics"), words)
    if known.needs_gpu and not file.instance_type.startswith(_GPUS):
        words = (
            f"instance_type is {file.instance_type}, and {known.name} trains on GPUs only: a type "
            f"of ml.p or ml.g, such as ml.g4dn.xlarge ({known.source})"
        )
        yield source.fault((*here, "instance_type"), words)


def script_faults(source: Source, here: Location, file: TrainingFile) -> Iterator[Fault]:
    """Keys of algorithms where a script trains."""
    for key in ("channels", "request_type", "answer_type"):
        if getattr(file, key):
            words = f"{key} belongs to algorithm, a training script reads what it likes: drop it"
            yield source.fault((*here, key), words)


def _channel_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm
) -> Iterator[Fault]:
    at = (*here, "channels")
    for name, content in file.channels.items():
        if name not in known.channels:
            words = f"{known.name} has no channel {name}: {did_you_mean(name, known.channels)}"
            yield source.fault((*at, name), words)
        elif content not in known.channels[name].content_types:
            allowed = ", ".join(known.channels[name].content_types)
            words = f"channel {name} is {content!r}, allowed for {known.name}: {allowed}"
            yield source.fault((*at, name), words)
    needed = [name for name, channel in known.channels.items() if channel.required]
    missing = [name for name in needed if file.channels and name not in file.channels]
    if missing:
        words = (
            f"{known.name} needs channel {' and '.join(missing)}, got {', '.join(file.channels)}"
        )
        yield source.fault(at, words)


def _type_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm
) -> Iterator[Fault]:
    for key, got, allowed in (
        ("request_type", file.request_type, known.requests),
        ("answer_type", file.answer_type, known.answers),
    ):
        if got is not None and got not in allowed:
            words = f"{key} is {got!r}, allowed for {known.name}: {', '.join(allowed)}"
            yield source.fault((*here, key), words)


def _hyperparameter_faults(
    source: Source, here: Location, file: TrainingFile, known: Algorithm
) -> Iterator[Fault]:
    at, table = (*here, "hyperparameters"), known.hyperparameters
    tuned = {} if file.tune is None else file.tune.ranges
    for name, text in texts_of(file.hyperparameters).items():
        if name not in table:
            words = f"{known.name} has no hyperparameter {name}: {did_you_mean(name, table)}"
            yield source.fault((*at, name), f"{words} ({known.source})")
            continue
        found = table[name].fault(text)
        if found is not None:
            yield source.fault((*at, name), f"{found} ({known.source})")
        if name in tuned:
            words = f"{name} is tuned and has a value here too: drop one of the two"
            yield source.fault((*at, name), words)
    given = {*file.hyperparameters, *tuned}
    for each in table.values():
        if each.required and each.name not in given:
            words = f"{known.name} needs {each.name}, allowed: {each.allowed} ({known.source})"
            yield source.fault(at if file.hyperparameters else here, words)
    if known.name == "knn" and ("dimension_reduction_type" in given) != (
        "dimension_reduction_target" in given
    ):
        words = "dimension_reduction_type and dimension_reduction_target need one another"
        yield source.fault(at, f"{words} ({known.source})")


def texts_of(given: Mapping[str, str | bool | int | float]) -> dict[str, str]:
    """Hyperparameters as the texts that jobs are given."""
    return {
        name: _TRUTHS[value] if isinstance(value, bool) else str(value)
        for name, value in given.items()
    }


def algorithm_of(
    file: TrainingFile, name: str | None, regions: Iterable[str]
) -> AlgorithmSpec | None:
    """What a checked section trains by; None where a script trains."""
    if name is None:
        return None
    known = algorithm(name)
    chosen = file.channels or {
        each: channel.content_types[0]
        for each, channel in known.channels.items()
        if channel.required
    }
    return AlgorithmSpec(
        name=name,
        channels=tuple(
            ChannelSpec(
                name=each, content_type=content, distribution=known.channels[each].distribution
            )
            for each, content in chosen.items()
        ),
        request_type=known.requests[0] if file.request_type is None else file.request_type,
        answer_type=known.answers[0] if file.answer_type is None else file.answer_type,
        script_images={region: script_image(region) for region in regions},
    )


def script_image(region: str) -> str:
    """The newest image of scikit-learn in a region."""
    versions = images()[SCRIPT_FRAMEWORK]
    (*_, newest) = (uris[region] for uris in versions.values() if region in uris)
    return newest
