"""Which Python runs a container, by what it needs."""

import sys
from pathlib import Path

import pytest

from emulator.sagemaker.serving.environments import (
    EnvironmentMissingError,
    Needs,
    python_for,
    requirements_in,
)


def environment(folder: Path, name: str, **distributions: str) -> str:
    """A Python of that name with these distributions, as far as it is looked at."""
    python = folder / name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    for distribution, version in distributions.items():
        about = (
            folder / name / "lib/python3.11/site-packages" / f"{distribution}-{version}.dist-info"
        )
        about.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (about / "METADATA").write_text(text)
    return str(python)


def needs(*any_of: str, requirements: tuple[str, ...] = ()) -> Needs:
    """What a container needs."""
    return Needs(framework="some", any_of=any_of, requirements=requirements)


def test_this_python_comes_first(tmp_path: Path) -> None:
    """What is installed beside the cloud needs no environment."""
    environment(tmp_path, "more", numpy="9")

    assert python_for(needs("numpy"), tmp_path) == sys.executable


def test_another_is_chosen_by_what_it_has(tmp_path: Path) -> None:
    """Any one of the distributions will do, and every requirement of the code must be there."""
    environment(tmp_path, "a", seafloor_cpu="1.0")
    wanted = environment(tmp_path, "b", seafloor="1.0", shells="2.5")

    assert python_for(needs("seafloor-cpu", "seafloor"), tmp_path) != wanted
    found = python_for(needs("seafloor-cpu", "seafloor", requirements=("Shells>=2,<3",)), tmp_path)
    assert found == wanted


@pytest.mark.parametrize("requirement", ["shells>=3", "pearls", "not a requirement"])
def test_what_none_has_is_named(tmp_path: Path, requirement: str) -> None:
    """With the way to get it."""
    environment(tmp_path, "b", seafloor="1.0", shells="2.5")

    with pytest.raises(EnvironmentMissingError, match="run 'make frameworks'") as caught:
        python_for(needs("seafloor", requirements=(requirement,)), tmp_path)
    assert requirement in str(caught.value)


def test_requirements_of_another_machine_do_not_count(tmp_path: Path) -> None:
    """Markers are read as pip reads them."""
    only = ('pearls; sys_platform == "nowhere"',)

    assert python_for(needs("numpy", requirements=only), tmp_path) == sys.executable


def test_requirements_are_read_from_the_code(tmp_path: Path) -> None:
    """Without comments, options and hashes; none where there is no file."""
    assert requirements_in(tmp_path) == ()
    (tmp_path / "code").mkdir()
    text = "# needed\nonnxruntime>=1.20,<2  # small\n--no-binary :all:\nsix==1.0 \\\n  --hash=a\n"
    (tmp_path / "code" / "requirements.txt").write_text(text)

    assert requirements_in(tmp_path) == ("onnxruntime>=1.20,<2", "six==1.0")
