"""The DNS server on the wire, asked by a real DNS client."""

import asyncio

import dns.asyncquery
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from emulator.route53.answers import Answer, Code, Records
from emulator.route53.server import PLAIN_UDP_BYTES, DnsServer, respond

MANY = tuple(f"127.0.{n // 250}.{n % 250 + 1}" for n in range(60))


def _resolve(name: str, kind: str) -> Answer:
    if name != "www.example.com.":
        return Answer(code=Code.REFUSED, authoritative=False)
    values = MANY if kind == "A" else ('"some text" "more"',)
    return Answer(
        code=Code.NOERROR, records=(Records(name=name, type=kind, ttl_seconds=60, values=values),)
    )


def _ask(
    name: str = "www.example.com", kind: str = "TXT", longest: int | None = PLAIN_UDP_BYTES
) -> dns.message.Message:
    wire = respond(dns.message.make_query(name, kind).to_wire(), _resolve, longest_bytes=longest)
    assert wire is not None
    return dns.message.from_wire(wire)


def test_an_answer_is_authoritative_and_offers_no_recursion() -> None:
    """AA is set, RA is not."""
    answer = _ask()

    assert answer.flags & dns.flags.AA
    assert not answer.flags & dns.flags.RA
    assert answer.answer[0][0].to_text() == '"some text" "more"'


def test_names_are_asked_without_regard_to_case_and_given_back_as_asked() -> None:
    """A resolver that mixes the case as a nonce finds it again."""
    answer = _ask("wWw.eXample.COM")

    assert answer.question[0].name.to_text() == "wWw.eXample.COM."
    assert answer.answer[0].name.to_text() == "wWw.eXample.COM."


def test_a_long_answer_is_cut_off_on_udp_and_whole_on_tcp() -> None:
    """Over 512 bytes the truncated bit asks for TCP, unless EDNS allows more."""
    assert _ask(kind="A").flags & dns.flags.TC
    assert len(_ask(kind="A", longest=None).answer[0]) == len(MANY)

    wide = dns.message.make_query("www.example.com", "A", use_edns=True, payload=1232)
    wire = respond(wide.to_wire(), _resolve, longest_bytes=PLAIN_UDP_BYTES)
    assert wire is not None
    assert len(dns.message.from_wire(wire).answer[0]) == len(MANY)


@pytest.mark.parametrize(("kind", "code"), [("ANY", dns.rcode.NOTIMP), ("AXFR", dns.rcode.NOTIMP)])
def test_what_the_server_does_not_do_is_not_implemented(kind: str, code: int) -> None:
    """Nobody gets everything at once."""
    assert _ask(kind=kind).rcode() == code


def test_updates_are_not_implemented_and_foreign_names_refused() -> None:
    """Zones change by the API only."""
    query = dns.message.make_query("www.example.com", "A")
    query.set_opcode(dns.opcode.STATUS)
    wire = respond(query.to_wire(), _resolve, longest_bytes=None)

    assert wire is not None
    assert dns.message.from_wire(wire).rcode() == dns.rcode.NOTIMP
    assert _ask("example.org").rcode() == dns.rcode.REFUSED


def test_nonsense_is_a_format_error_or_silence() -> None:
    """With an id it is answered; responses and scraps are not."""
    query = dns.message.make_query("www.example.com", "A").to_wire()
    broken = respond(query[:-3], _resolve, longest_bytes=512)

    assert broken is not None
    assert dns.message.from_wire(broken).rcode() == dns.rcode.FORMERR
    assert respond(b"xx", _resolve, longest_bytes=512) is None
    answer = dns.message.make_response(dns.message.from_wire(query)).to_wire()
    assert respond(answer, _resolve, longest_bytes=512) is None


def test_both_protocols_answer_on_one_port_until_the_server_is_closed() -> None:
    """A truncated UDP answer is completed over TCP, by a client's own fallback."""

    async def run() -> tuple[int, bool]:
        server = DnsServer(_resolve)
        await server.start(0)
        query = dns.message.make_query("www.example.com", "A", use_edns=False)
        answer, by_tcp = await dns.asyncquery.udp_with_fallback(
            query, "127.0.0.1", port=server.port, timeout=5
        )
        await server.close()
        with pytest.raises(OSError):  # noqa: PT011 - refused, by whatever the system calls it
            await asyncio.open_connection("127.0.0.1", server.port)
        return len(answer.answer[0]), by_tcp

    assert asyncio.run(run()) == (len(MANY), True)


def test_a_resolver_that_fails_is_a_server_failure() -> None:
    """The asker learns at once, and the next question is answered."""

    def fail(_name: str, _kind: str) -> Answer:
        raise RuntimeError("broken")

    async def run() -> int:
        server = DnsServer(fail)
        await server.start(0)
        query = dns.message.make_query("www.example.com", "A")
        answer = await dns.asyncquery.udp(query, "127.0.0.1", port=server.port, timeout=5)
        await server.close()
        return int(answer.rcode())

    assert asyncio.run(run()) == dns.rcode.SERVFAIL
