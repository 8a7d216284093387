"""The containers that this program plays, by name: how each loads a model that answers requests."""

from collections.abc import Callable, Mapping
from pathlib import Path

from emulator.serving_container import transformer
from emulator.serving_container.httpd import Application
from emulator.serving_container.pytorch import load_pytorch
from emulator.serving_container.tensorflow_serving import load_tensorflow
from emulator.serving_container.transformer import Defaults, Transformer
from emulator.serving_container.user_code import EntryPointError, user_module
from emulator.serving_container.xgboost import XGBOOST

SCIKIT_LEARN = "scikit-learn"

Loader = Callable[[Path], Application]
"""Loads the model of an unpacked artifact; raises where the container could not."""


def loader_of(dialect: str) -> Loader:
    """How the container of that name loads its model."""
    return _LOADERS[dialect]


def loader_of_many(dialect: str, model_dir: Path) -> Loader:
    """How a container of several models loads each: by one program, imported here and now.

    `model_dir` is the container's own folder; what cannot be imported is raised.
    """
    defaults = BY_FUNCTIONS.get(dialect)
    if defaults is None:
        raise NotImplementedError(
            f"the embedded cloud plays no {dialect} container of several models, only those of "
            f"{', '.join(sorted(BY_FUNCTIONS))}"
        )
    try:
        module = user_module(model_dir)
    except EntryPointError as error:
        raise EntryPointError(
            f"{error} (all models share one program: SAGEMAKER_SUBMIT_DIRECTORY is the s3:// URL "
            "of its .tar.gz, SAGEMAKER_PROGRAM its file in there)"
        ) from error
    return lambda loaded_dir: Transformer(module, loaded_dir, defaults)


def _by_functions(defaults: Defaults) -> Loader:
    return lambda model_dir: Transformer(user_module(model_dir), model_dir, defaults)


BY_FUNCTIONS: Mapping[str, Defaults] = {
    SCIKIT_LEARN: transformer.SCIKIT_LEARN,
    "xgboost": XGBOOST,
}
"""Containers whose models are what the user's four functions make of a folder."""

_LOADERS: Mapping[str, Loader] = {
    **{name: _by_functions(defaults) for name, defaults in BY_FUNCTIONS.items()},
    "pytorch": load_pytorch,
    "tensorflow": load_tensorflow,
}
