"""The DNS server: UDP and TCP on one port of 127.0.0.1, authoritative, never recursive.

It speaks the wire (RFC 1035, EDNS of RFC 6891) through dnspython and asks a resolver what to say.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from emulator.route53.answers import Answer, Records

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PLAIN_UDP_BYTES = 512
EDNS_UDP_BYTES = 1232
LONGEST_BYTES = 65535
TCP_IDLE_SECONDS = 10.0
PORT_ATTEMPTS = 20
HEADER_BYTES = 12
_LENGTH = struct.Struct("!H")

Resolve = Callable[[str, str], Answer]


def respond(wire: bytes, resolve: Resolve, *, longest_bytes: int | None) -> bytes | None:
    """The response to a question; None to what cannot be answered at all.

    Without `longest_bytes` (TCP) nothing is cut off; else the size that the asker's EDNS allows,
    at least that, and a longer answer is marked truncated.
    """
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return bare_response(wire, dns.rcode.FORMERR)
    if query.flags & dns.flags.QR:
        return None
    response = dns.message.make_response(query, our_payload=EDNS_UDP_BYTES)
    _fill(query, response, resolve)
    limit = LONGEST_BYTES
    if longest_bytes is not None:
        limit = max(longest_bytes, min(query.payload, EDNS_UDP_BYTES))
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        response.answer, response.authority = [], []
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=limit)


def _fill(query: Any, response: Any, resolve: Resolve) -> None:
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return
    if len(query.question) != 1 or query.question[0].rdclass != dns.rdataclass.IN:
        response.set_rcode(dns.rcode.REFUSED)
        return
    question = query.question[0]
    if question.rdtype in {dns.rdatatype.ANY, dns.rdatatype.AXFR, dns.rdatatype.IXFR}:
        response.set_rcode(dns.rcode.NOTIMP)
        return
    kind = dns.rdatatype.to_text(question.rdtype)
    answer = resolve(question.name.to_text().lower(), kind)
    response.set_rcode(dns.rcode.from_text(answer.code.value))
    if answer.authoritative:
        response.flags |= dns.flags.AA
    response.answer = [_rrset(records, question.name) for records in answer.records]
    response.authority = [_rrset(records, question.name) for records in answer.authority]


def _rrset(records: Records, asked: dns.name.Name) -> dns.rrset.RRset:
    """The records, their owner in the asker's own case (resolvers check it)."""
    name = dns.name.from_text(records.name)
    owner = asked if name == asked else name
    return dns.rrset.from_text_list(
        owner, records.ttl_seconds, "IN", records.type, list(records.values)
    )


def bare_response(wire: bytes, code: dns.rcode.Rcode) -> bytes | None:
    """A response with nothing but the code, if there is an id to answer to."""
    if len(wire) < HEADER_BYTES or wire[2] & 0x80:
        return None
    response = dns.message.Message(id=int.from_bytes(wire[:2], "big"))
    response.flags |= dns.flags.QR
    response.set_rcode(code)
    return response.to_wire()


class DnsServer:
    """Answers on UDP and TCP until it is closed."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._transport: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Both protocols answer on the port, or on one free for both if it is 0."""
        datagrams, stream = _bound(port)
        self.port = stream.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._answer), sock=datagrams
        )
        self._tcp = await asyncio.start_server(self._converse, sock=stream)

    async def close(self) -> None:
        """The port is free."""
        if self._transport is not None:
            self._transport.close()
        if self._tcp is not None:
            self._tcp.close()

    def _answer(self, wire: bytes, longest_bytes: int | None) -> bytes | None:
        try:
            return respond(wire, self._resolve, longest_bytes=longest_bytes)
        except Exception:  # noqa: BLE001 - the next question must still be answered
            _log.exception("a DNS question could not be answered")
            return bare_response(wire, dns.rcode.SERVFAIL)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await asyncio.wait_for(reader.readexactly(_LENGTH.size), TCP_IDLE_SECONDS)
                size = _LENGTH.unpack(head)[0]
                wire = await asyncio.wait_for(reader.readexactly(size), TCP_IDLE_SECONDS)
                answer = self._answer(wire, None)
                if answer is None:
                    return
                writer.write(_LENGTH.pack(len(answer)) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            return
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes, int | None], bytes | None]) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio hands over the socket."""
        # Until Python 3.12 asyncio's own is no DatagramTransport by class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One question came in."""
        answer = self._answer(data, PLAIN_UDP_BYTES)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _bound(port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port of loopback."""
    for attempt in range(PORT_ATTEMPTS):
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind((HOST, port))
            stream.listen(64)
            datagrams.bind((HOST, stream.getsockname()[1]))
        except OSError:
            stream.close()
            datagrams.close()
            if port != 0 or attempt == PORT_ATTEMPTS - 1:
                raise
        else:
            datagrams.setblocking(False)
            stream.setblocking(False)
            return datagrams, stream
    raise OSError(f"no port of {HOST} is free for both UDP and TCP")
