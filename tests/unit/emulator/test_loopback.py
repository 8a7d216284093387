"""Addresses and ports that stand for others."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.loopback import address_for, is_loopback, local_port


@given(st.text())
def test_every_name_has_a_loopback_address_of_its_own_kind(name: str) -> None:
    """It is the same each time and lies in the pool, never 127.0.0.1."""
    address = ipaddress.ip_address(address_for(name))

    assert address == ipaddress.ip_address(address_for(name))
    assert address in ipaddress.ip_network("127.64.0.0/10")


def test_ten_thousand_names_hardly_collide() -> None:
    """Four million addresses: a dozen pairs are expected by chance, a hundred would be a fault."""
    addresses = {address_for(f"balancer-{n}") for n in range(10_000)}

    assert len(addresses) > 9_900


@pytest.mark.parametrize(
    ("port", "offset", "here"),
    [(443, 8000, 8443), (80, 8000, 8080), (443, 0, 443), (9000, 8000, 9000)],
)
def test_only_low_ports_move(port: int, offset: int, here: int) -> None:
    """Ports from 1024 on may be opened by anyone."""
    assert local_port(port, offset) == here


@pytest.mark.parametrize(
    ("address", "is_one"),
    [("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("host", False)],
)
def test_loopback_is_told_from_the_rest(*, address: str, is_one: bool) -> None:
    """A name is none, whatever it resolves to."""
    assert is_loopback(address) is is_one
