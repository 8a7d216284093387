"""Tables that were generated: they say what their sources say."""

import importlib.util
import json

import pytest

from stacks.images import algorithm_image_table, image_table
from stacks.project.algorithms import ALGORITHM_IMAGES_FILE, algorithm_images
from stacks.project.tables import IMAGES_FILE, TABLES_FILE, images, partitions
from stacks.tables import tables


def test_regions_and_instance_types_are_those_of_botocore():
    """Run `python -m stacks.tables` after an update of botocore."""
    assert json.loads(TABLES_FILE.read_text()) == tables()


@pytest.mark.skipif(
    importlib.util.find_spec("sagemaker") is None,
    reason="the SageMaker SDK is not installed here (requirements-sagemaker.txt)",
)
def test_images_are_those_of_the_sagemaker_sdk():
    """Run `python -m stacks.images` after an update of the SageMaker SDK."""
    assert json.loads(IMAGES_FILE.read_text())["images"] == image_table()["images"]


@pytest.mark.skipif(
    importlib.util.find_spec("sagemaker") is None,
    reason="the SageMaker SDK is not installed here (requirements-sagemaker.txt)",
)
def test_images_of_algorithms_are_those_of_the_sagemaker_sdk():
    """Run `python -m stacks.images` after an update of the SageMaker SDK."""
    kept = json.loads(ALGORITHM_IMAGES_FILE.read_text())["images"]
    assert kept == algorithm_image_table()["images"]


def test_every_image_is_of_its_region():
    """SageMaker pulls framework images of its own region only."""
    wrong = [
        (framework, version, region)
        for framework, versions in (*images().items(), *algorithm_images().items())
        for version, uris in versions.items()
        for region, uri in uris.items()
        if f".dkr.ecr.{region}." not in uri
    ]

    assert wrong == []


def test_scikit_learn_serves_nearly_everywhere():
    """A region without an image is a fault of the project file; there are few of them."""
    missing = set(partitions()) - set(images()["scikit-learn"]["1.9-0"])

    assert len(partitions()) > 30
    assert len(missing) < 8, missing
