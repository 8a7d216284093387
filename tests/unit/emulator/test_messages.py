"""Messages stay on this machine."""

import pytest

from emulator.messages import OutsideError, refuse_outside


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:80/a", "https://localhost/", "http://[::1]:5", "http://127.64.0.9"]
)
def test_a_url_of_this_machine_is_let_through(url: str):
    """Whatever its port."""
    refuse_outside(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/releases",
        "http://192.0.2.1",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com/",
        "http:///nowhere",
    ],
)
def test_any_other_url_is_refused(url: str):
    """Before a connection is made."""
    with pytest.raises(OutsideError):
        refuse_outside(url)
