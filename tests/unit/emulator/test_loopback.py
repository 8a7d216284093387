"""Addresses and ports that stand for others."""

import ipaddress
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.loopback import (
    LOW_PORT_OFFSET,
    address_for,
    is_loopback,
    local_port,
    low_port_offset,
)


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


def test_who_may_not_open_low_ports_gets_them_moved() -> None:
    """443 is taken as it is where that is allowed, and as 8443 where it is not."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.126.0.1", 443))
            allowed = True
        except PermissionError:
            allowed = False

    assert local_port(443, low_port_offset()) == (443 if allowed else 8443)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_gets_the_offset() -> None:
    """The same question asked without root's rights."""
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os._exit(0 if low_port_offset() == (LOW_PORT_OFFSET if first > 443 else 0) else 1)

    assert os.waitpid(child, 0)[1] == 0
