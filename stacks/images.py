"""Writes the table of container images from the SageMaker SDK, which works offline.

The SDK weighs a gigabyte, so it is not installed beside the rest: run `python -m stacks.images` in
an environment made from requirements-sagemaker.txt. A test there checks that the table is current.
"""

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stacks.project.algorithms import ALGORITHM_IMAGES_FILE, algorithm_names

IMAGES_FILE = Path(__file__).parent / "images.json"

_FRAMEWORKS = {
    "scikit-learn": ("sklearn", "inference"),
    "xgboost": ("xgboost", "inference"),
    "tensorflow": ("tensorflow", "inference"),
    "pytorch": ("pytorch", "inference"),
}
_INSTANCE_TYPE = "ml.m5.large"
_OLDEST = {
    "scikit-learn": "1.2-1",
    "xgboost": "1.7-1",
    "tensorflow": "2.19.0",
    "pytorch": "2.3.0",
}
"""Containers before these run on Pythons that are no longer maintained."""


def image_table() -> dict[str, Any]:
    """Framework, version, region -> URI of the image that serves it on CPUs."""
    image_uris = import_module("sagemaker.core.image_uris")
    return {
        "source": f"sagemaker-core {version('sagemaker-core')}, image_uris, {_INSTANCE_TYPE}",
        "images": {
            name: _versions(image_uris, framework, scope, _OLDEST[name])
            for name, (framework, scope) in _FRAMEWORKS.items()
        },
    }


def algorithm_image_table() -> dict[str, Any]:
    """Built-in algorithm, version, region -> URI of the image that trains and serves it."""
    image_uris = import_module("sagemaker.core.image_uris")
    return {
        "source": f"sagemaker-core {version('sagemaker-core')}, image_uris, {_INSTANCE_TYPE}",
        "images": {
            name: _versions(image_uris, name, "training", _OLDEST.get(name))
            for name in algorithm_names()
        },
    }


def _versions(
    image_uris: Any, framework: str, scope: str, oldest: str | None
) -> dict[str, dict[str, str]]:
    config = image_uris.config_for_framework(framework)
    config = config.get(scope, config)
    versions = list(config["versions"])
    first = 0 if oldest is None else versions.index(oldest)
    return {
        release: _regions(image_uris, framework, scope, (release, config["versions"][release]))
        for release in versions[first:]
    }


def _regions(
    image_uris: Any, framework: str, scope: str, release: tuple[str, Any]
) -> dict[str, str]:
    name, about = release
    return {
        region: image_uris.retrieve(
            framework=framework,
            region=region,
            version=name,
            image_scope=scope,
            instance_type=_INSTANCE_TYPE,
            py_version=about.get("py_versions", ["py3"])[-1],
        )
        for region in sorted(about["registries"])
    }


if __name__ == "__main__":
    IMAGES_FILE.write_text(json.dumps(image_table(), indent=1) + "\n", encoding="utf-8")
    text = json.dumps(algorithm_image_table(), indent=1)
    ALGORITHM_IMAGES_FILE.write_text(f"{text}\n", encoding="utf-8")
