"""Clients of an embedded cloud's front door: a real resolver and real, verified HTTPS."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import dns.message
import dns.query

from emulator.server import EmbeddedCloud

SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One HTTP request."""

    method: str = "GET"
    path: str = "/"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask_dns(cloud: EmbeddedCloud, name: str, kind: str = "A") -> dns.message.Message:
    """What the cloud's DNS server says."""
    query = dns.message.make_query(name, kind)
    return dns.query.udp(query, "127.0.0.1", port=cloud.dns_port, timeout=SECONDS)


def addresses(cloud: EmbeddedCloud, host: str) -> list[str]:
    """The IPv4 addresses of a host, none if it has none."""
    found = ask_dns(cloud, host).answer
    return sorted(record.to_text() for rrset in found for record in rrset if rrset.rdtype == 1)


def call(
    cloud: EmbeddedCloud,
    host: str,
    sent: Sent | None = None,
    *,
    source: str = "127.0.0.1",
    address: str | None = None,
) -> Answer:
    """The answer over verified HTTPS of the host, where DNS (or `address`) says it is."""
    where = address if address is not None else addresses(cloud, host)[0]
    port = cloud.local_port(443)
    trusting = ssl.create_default_context(cafile=cloud.certificate_authority)
    plain = socket.create_connection((where, port), SECONDS, source_address=(source, 0))
    # The context is given, or a new one would read every authority of this machine: 25 ms a call.
    connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trusting)
    connection.sock = trusting.wrap_socket(plain, server_hostname=host)
    return _exchange(connection, sent if sent is not None else Sent())


def call_plainly(cloud: EmbeddedCloud, host: str, sent: Sent, *, port: int = 80) -> Answer:
    """The answer over HTTP of the host as DNS gives it; redirects are not followed."""
    where = addresses(cloud, host)[0]
    connection = http.client.HTTPConnection(where, cloud.local_port(port), timeout=SECONDS)
    return _exchange(connection, replace(sent, headers={"Host": host, **sent.headers}))


def _exchange(connection: http.client.HTTPConnection, sent: Sent) -> Answer:
    try:
        connection.request(sent.method, sent.path, body=sent.body, headers=dict(sent.headers))
        answer = connection.getresponse()
        given = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(status=answer.status, headers=given, body=answer.read())
    finally:
        connection.close()
