"""The samples in the repository are those that their maker makes."""

import pytest

from tests.sample_forms import FORMS, SAMPLES


@pytest.mark.parametrize("name", FORMS)
def test_the_sample_is_what_its_maker_makes(name: str):
    """Byte for byte: `python -m tests.sample_forms` writes it."""
    assert (SAMPLES / name).read_bytes() == FORMS[name]
