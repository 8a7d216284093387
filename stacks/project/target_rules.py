"""Several models behind one endpoint: what their section needs, and what it rules out elsewhere."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.project.artifact_spec import LocalArtifact, TargetArtifacts
from stacks.project.artifacts import ArtifactError
from stacks.project.faults import Fault
from stacks.project.framework_contents import program_of
from stacks.project.locate import Shelf, local_faults
from stacks.project.shape import ModelFile
from stacks.project.source import section_of

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the model."""

SHARED_PROGRAM = frozenset({"scikit-learn"})
"""Frameworks whose containers take one program for all models (their MultiDataModel in the
SageMaker SDK); others have ways of their own, or none."""
_ALONE = ("artifact", "algorithm", "containers", "model_package", "training", "batch", "monitoring")
_WHY_ALONE: Mapping[str, str] = {
    "artifact": "target_models names an artifact for each model",
    "algorithm": "containers of built-in algorithms are not offered with several models here",
    "containers": "an inference pipeline has one model a container",
    "model_package": "a package is one model",
    "training": "it would not be said which model is trained; train it under a name of its own",
    "batch": "CreateTransformJob cannot name one of several models; give it a name of its own",
    "monitoring": "Model Monitor and captures do not tell which model was asked",
}
_OF_SEVERAL = ("code", "retired_models")


def has_targets(raw: Mapping[str, Any]) -> bool:
    """Whether the model is several models behind one endpoint."""
    return raw.get("target_models") is not None


def stray_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """Keys that only several models have, given to one."""
    for key in _OF_SEVERAL if not has_targets(raw) else ():
        if raw.get(key) is not None:
            yield say(f"{key} belongs to target_models, and there are none: drop it", key)


def target_faults(raw: Mapping[str, Any], shelf: Shelf, say: Say) -> Iterator[Fault]:
    """What is wrong with several models behind one endpoint, beside their container."""
    for key in _ALONE:
        if raw.get(key) is not None:
            yield say(f"{key} does not go with target_models: {_WHY_ALONE[key]}; drop it", key)
    yield from _program_faults(raw, shelf, say)
    models = raw.get("target_models")
    for name, text in models.items() if isinstance(models, Mapping) else ():
        for fault in _artifact_faults(text, shelf):
            yield say(f"the artifact of {name} is {text!r}: {fault}", "target_models", name)
    retired = raw.get("retired_models")
    for name in retired if isinstance(retired, list) else ():
        if isinstance(models, Mapping) and name in models:
            yield say(f"{name} is in target_models too: it cannot end and go on", "retired_models")
    yield from _excluded_faults(raw, say)


def _artifact_faults(text: object, shelf: Shelf) -> Iterator[str]:
    if not isinstance(text, str):
        return
    if text.startswith("s3://"):
        yield (
            "all models of a version are put under one prefix that nobody changes, so they are "
            "packed here: name a directory or a .tar.gz on this machine"
        )
        return
    yield from local_faults(text, {}, shelf)


def _program_faults(raw: Mapping[str, Any], shelf: Shelf, say: Say) -> Iterator[Fault]:
    framework, code = raw.get("framework"), raw.get("code")
    if framework is None:
        if code is not None:
            yield say("an own image has its program, and code is given: drop it", "code")
        return
    if framework not in SHARED_PROGRAM:
        allowed = ", ".join(sorted(SHARED_PROGRAM))
        yield say(
            f"framework is {framework!r}, target_models go with {allowed} or an image of your own "
            "that answers for several models",
            "framework",
        )
    elif not isinstance(code, str):
        yield say(
            "code is missing: a directory with the program that answers for every model "
            "(model_fn gets the folder of the one that is loaded)"
        )
    else:
        yield from (say(fault, "code") for fault in _code_faults(raw, code, shelf))


def _code_faults(raw: Mapping[str, Any], code: str, shelf: Shelf) -> Iterator[str]:
    wanted = program_of(raw.get("entry_point"))
    path = shelf.path(code)
    if not path.is_dir():
        yield f"code is {code!r}, must be a directory with {wanted} (paths start at this file)"
        return
    try:
        names = shelf.contents(code).names
    except ArtifactError as error:
        yield f"code is {code!r}: {error}"
        return
    if wanted not in names:
        yield f"code is {code!r} and has no {wanted}, in it are: {', '.join(names[:5])}"


def _excluded_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """What SageMaker does not do with several models.

    Sources: developer guide, exclusions of Serverless Inference and of shadow tests, "Model
    Monitor"; API reference, InvokeEndpointAsync, which has no TargetModel.
    """
    hosting, release = section_of(raw, "hosting"), section_of(raw, "release")
    for key, why in (
        ("serverless", "serverless endpoints host one model"),
        ("asynchronous", "InvokeEndpointAsync cannot name one of several models"),
        ("ec2", "instances of EC2 run one model"),
    ):
        if hosting.get(key) is not None:
            words = f"{why}: name an instance_type that answers at once, or give each model a name"
            yield say(words, "hosting", key)
    for strategy, why in (
        ("shadow", "endpoints with several models cannot be shadowed"),
        ("ab-test", "an A/B test compares artifacts of one model, and here are several"),
    ):
        if release.get("strategy") == strategy:
            yield say(
                f"{why}: choose canary, linear, rolling or big-bang, which release them as a whole",
                "release",
                "strategy",
            )
    percent = section_of(raw, "data_capture").get("percent")
    if isinstance(percent, int) and percent > 0:
        yield say(
            f"data_capture.percent is {percent}, and what is captured does not tell which model "
            "was asked: set 0 or drop data_capture",
            "data_capture",
            "percent",
        )


def targets_of(file: ModelFile, shelf: Shelf) -> TargetArtifacts | None:
    """The artifacts of a checked file's models; None where it is one model."""
    if file.target_models is None:
        return None
    return TargetArtifacts(
        models={name: _local(text, shelf) for name, text in sorted(file.target_models.items())},
        code=None if file.code is None else _local(file.code, shelf),
        retired=tuple(sorted(file.retired_models)),
    )


def _local(text: str, shelf: Shelf) -> LocalArtifact:
    return LocalArtifact(path=shelf.path(text), digest=shelf.contents(text).digest)
