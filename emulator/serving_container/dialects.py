"""The containers that this program plays, by name: how each loads a model that answers requests."""

from collections.abc import Callable, Mapping
from pathlib import Path

from emulator.serving_container import transformer
from emulator.serving_container.httpd import Application
from emulator.serving_container.pytorch import load_pytorch
from emulator.serving_container.tensorflow_serving import load_tensorflow
from emulator.serving_container.transformer import Defaults, Transformer
from emulator.serving_container.user_code import user_module
from emulator.serving_container.xgboost import XGBOOST

SCIKIT_LEARN = "scikit-learn"

Loader = Callable[[Path], Application]
"""Loads the model of an unpacked artifact; raises where the container could not."""


def loader_of(dialect: str) -> Loader:
    """How the container of that name loads its model."""
    return _LOADERS[dialect]


def _by_functions(defaults: Defaults) -> Loader:
    return lambda model_dir: Transformer(user_module(model_dir), model_dir, defaults)


_LOADERS: Mapping[str, Loader] = {
    SCIKIT_LEARN: _by_functions(transformer.SCIKIT_LEARN),
    "xgboost": _by_functions(XGBOOST),
    "pytorch": load_pytorch,
    "tensorflow": load_tensorflow,
}
