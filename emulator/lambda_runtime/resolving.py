"""Names of load balancers for functions in a network: asked of the cloud's own DNS server.

A network's resolver answers them on AWS; here the machine's would not know them. Every other name
is resolved as ever. Wire: RFC 1035, section 4.
"""

import secrets
import socket
import struct
from typing import Any

VARIABLE = "EMBEDDED_DNS_PORT"
"""The variable that says where on 127.0.0.1 the cloud's DNS server is."""
_SUFFIX = ".elb.amazonaws.com"
_SECONDS = 2.0
_HEADER = struct.Struct("!HHHHHH")
_A, _IN, _RECURSION = 1, 1, 0x0100


def install(port: int) -> None:
    """Connections to load balancers by name find them."""
    plain = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        named = host.decode() if isinstance(host, bytes) else host
        if isinstance(named, str) and named.lower().rstrip(".").endswith(_SUFFIX):
            return plain(_address(named.rstrip("."), port), *rest, **options)
        return plain(host, *rest, **options)

    socket.getaddrinfo = getaddrinfo


def _address(name: str, port: int) -> str:
    """The first IPv4 address of the name; socket.gaierror if it has none."""
    identity = secrets.randbits(16)
    labels = b"".join(bytes([len(part)]) + part for part in name.encode().split(b"."))
    question = labels + b"\0" + struct.pack("!HH", _A, _IN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(_SECONDS)
        asking.connect(("127.0.0.1", port))
        asking.send(_HEADER.pack(identity, _RECURSION, 1, 0, 0, 0) + question)
        answer = asking.recv(1232)
    count = _HEADER.unpack_from(answer)[3]
    at = _HEADER.size + len(question)
    for _ in range(count):
        at += _name_length(answer, at)
        kind, _, _, length = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if kind == _A:
            return socket.inet_ntoa(answer[at : at + length])
        at += length
    raise socket.gaierror(socket.EAI_NONAME, f"no load balancer is called {name}")


def _name_length(answer: bytes, at: int) -> int:
    """How many bytes a name takes where it stands: labels to the end, or a pointer."""
    start = at
    while answer[at] != 0:
        if answer[at] & 0xC0:
            return at + 2 - start
        at += 1 + answer[at]
    return at + 1 - start
