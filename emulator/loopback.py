"""Addresses and ports of servers that stand for others: all of 127.0.0.0/8, never outside.

Every address of 127.0.0.0/8 is this machine's on Linux, so a load balancer can have one of its
own, which is what DNS needs: its answers carry no port. On systems where only 127.0.0.1 is up
the others must be added to the loopback interface first.
"""

import hashlib
import ipaddress
import socket

FIRST_FREE_PORT = 1024
LOW_PORT_OFFSET = 8000
"""Where a port under 1024 goes when this user may not open it: 443 becomes 8443."""

_POOL = ipaddress.ip_network("127.64.0.0/10")


def local_port(port: int, offset: int) -> int:
    """The port on this machine that stands for `port`."""
    return port + offset if port < FIRST_FREE_PORT else port


def low_port_offset() -> int:
    """0 if this process may open ports under 1024, else what is added to them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(_POOL.network_address + 1), 443))
        except PermissionError:
            return LOW_PORT_OFFSET
        except OSError:
            return 0  # taken, so it may be opened
    return 0


def address_for(name: str) -> str:
    """A loopback address that only this name has, one of four million."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    usable = _POOL.num_addresses - 2
    return str(_POOL.network_address + 1 + digest % usable)


def is_loopback(address: str) -> bool:
    """Whether it is an IP address of this machine's loopback."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
