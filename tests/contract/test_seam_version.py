from importlib.metadata import version

from emulator import seams


def test_the_installed_ministack_is_the_one_the_seams_are_for():
    """A ministack of another version is noticed before anything fails oddly."""
    assert version("ministack") == seams.PINNED_VERSION
