"""What an authoritative server says, without a wire."""

from collections.abc import Callable

import pytest

from emulator.route53.answers import Answer, Code, Resolver
from emulator.route53.health import Balancer, HealthEvaluation
from emulator.route53.records import ELB_ZONE_ID, Alias, RecordSet, Zone

SOA = RecordSet(name="example.com.", type="SOA", ttl_seconds=900, values=("ns. h. 1 2 3 4 5",))
NS = RecordSet(name="example.com.", type="NS", ttl_seconds=172800, values=("ns.",))


class Balancers:
    """Load balancers by name."""

    def __init__(self, **health: bool) -> None:
        self._health = health

    def find(self, dns_name: str) -> Balancer | None:
        """The one of that name: its address ends with its position."""
        names = list(self._health)
        if dns_name not in names:
            return None
        address = f"127.64.0.{names.index(dns_name) + 1}"
        return Balancer(addresses=(address,), healthy=self._health[dns_name])


def _resolver(
    *records: RecordSet,
    balancers: Balancers | None = None,
    passes: Callable[[str], bool] = lambda _check: True,
    unit: float = 0.0,
    more: tuple[Zone, ...] = (),
) -> Resolver:
    zone = Zone(id="Z1", name="example.com.", private=False, records=(SOA, NS, *records))
    zones = {z.id: z for z in (zone, *more)}
    known = balancers if balancers is not None else Balancers()
    health = HealthEvaluation(zones=zones, balancers=known, check_passes=passes)
    return Resolver(zones=zones, balancers=known, health=health, draw=lambda: unit)


def _a(name: str, *values: str, **more: object) -> RecordSet:
    return RecordSet(name=name, type="A", ttl_seconds=30, values=values, **more)  # type: ignore[arg-type]


def _alias(name: str, zone_id: str, target: str, **more: object) -> RecordSet:
    alias = Alias(zone_id=zone_id, name=target, evaluates_health=True)
    return RecordSet(name=name, type="A", alias=alias, **more)  # type: ignore[arg-type]


def _values(answer: Answer) -> list[tuple[str, str, int, tuple[str, ...]]]:
    return [(r.name, r.type, r.ttl_seconds, r.values) for r in answer.records]


def test_a_record_is_answered_with_its_values_and_ttl() -> None:
    """A plain record set is given as it is."""
    answer = _resolver(_a("www.example.com.", "127.0.0.2", "127.0.0.3")).resolve(
        "www.example.com.", "A"
    )

    assert _values(answer) == [("www.example.com.", "A", 30, ("127.0.0.2", "127.0.0.3"))]
    assert answer.authoritative


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("www.example.com.", Code.NOERROR),
        ("b.example.com.", Code.NOERROR),
        ("no.example.com.", Code.NXDOMAIN),
    ],
)
def test_nothing_of_a_type_differs_from_no_such_name(name: str, code: Code) -> None:
    """A name with other types or names below it is NODATA, others NXDOMAIN, both with the SOA."""
    resolver = _resolver(_a("www.example.com.", "127.0.0.2"), _a("a.b.example.com.", "127.0.0.2"))

    answer = resolver.resolve(name, "AAAA")

    assert (answer.code, answer.records) == (code, ())
    assert [r.type for r in answer.authority] == ["SOA"]


def test_a_name_outside_all_zones_is_refused() -> None:
    """The server does not recurse and claims nothing."""
    answer = _resolver().resolve("example.org.", "A")

    assert (answer.code, answer.authoritative) == (Code.REFUSED, False)


def test_the_zone_with_the_longest_name_answers() -> None:
    """A zone of a part of another zone answers for that part."""
    inner = Zone(
        id="Z2",
        name="in.example.com.",
        private=False,
        records=(_a("x.in.example.com.", "127.0.0.9"),),
    )
    resolver = _resolver(_a("x.in.example.com.", "127.0.0.2"), more=(inner,))

    assert resolver.resolve("x.in.example.com.", "A").records[0].values == ("127.0.0.9",)


def test_private_zones_are_not_answered() -> None:
    """What only a VPC may ask is refused here."""
    private = Zone(id="Z2", name="corp.", private=True, records=(_a("x.corp.", "127.0.0.9"),))

    assert _resolver(more=(private,)).resolve("x.corp.", "A").code is Code.REFUSED


def test_a_cname_is_followed_within_the_zones() -> None:
    """The link and the records it leads to are both given."""
    cname = RecordSet(
        name="api.example.com.", type="CNAME", ttl_seconds=60, values=("www.example.com",)
    )
    answer = _resolver(cname, _a("www.example.com.", "127.0.0.2")).resolve("api.example.com.", "A")

    assert [(r.type, r.values) for r in answer.records] == [
        ("CNAME", ("www.example.com",)),
        ("A", ("127.0.0.2",)),
    ]


def test_a_cname_that_leads_out_is_given_alone() -> None:
    """The asker goes on by itself."""
    cname = RecordSet(
        name="api.example.com.", type="CNAME", ttl_seconds=60, values=("www.example.org.",)
    )

    answer = _resolver(cname).resolve("api.example.com.", "A")

    assert [r.type for r in answer.records] == ["CNAME"]
    assert (answer.code, answer.authority) == (Code.NOERROR, ())


def test_a_loop_of_cnames_ends() -> None:
    """Each link is given once."""
    links = [
        RecordSet(
            name=f"{a}.example.com.", type="CNAME", ttl_seconds=6, values=(f"{b}.example.com.",)
        )
        for a, b in ("xy", "yx")
    ]

    assert len(_resolver(*links).resolve("x.example.com.", "A").records) == 2


def test_a_wildcard_answers_for_names_that_do_not_exist() -> None:
    """Also several labels deep, under the name asked for; a name that exists hides it."""
    resolver = _resolver(_a("*.example.com.", "127.0.0.7"), _a("www.example.com.", "127.0.0.2"))

    assert _values(resolver.resolve("p.q.example.com.", "A"))[0][0] == "p.q.example.com."
    assert resolver.resolve("www.example.com.", "TXT").records == ()
    assert resolver.resolve("under.www.example.com.", "A").code is Code.NXDOMAIN


def test_a_delegated_part_is_referred_to_its_servers() -> None:
    """The NS records are given as authority, without claiming the answer."""
    cut = RecordSet(name="far.example.com.", type="NS", ttl_seconds=60, values=("ns.far.net.",))

    answer = _resolver(cut, _a("x.far.example.com.", "127.0.0.2")).resolve(
        "x.far.example.com.", "A"
    )

    assert (answer.records, answer.authoritative) == ((), False)
    assert [r.values for r in answer.authority] == [("ns.far.net.",)]


def test_an_alias_to_a_load_balancer_gives_its_address_for_a_minute() -> None:
    """The alias owns the address; its TTL is the load balancer's 60 s."""
    resolver = _resolver(
        _alias("api.example.com.", ELB_ZONE_ID, "dualstack.lb."), balancers=Balancers(lb=True)
    )

    answer = resolver.resolve("api.example.com.", "A")

    assert _values(answer) == [("api.example.com.", "A", 60, ("127.64.0.1",))]


def test_a_load_balancer_answers_by_its_own_name() -> None:
    """Without any hosted zone of the caller's."""
    resolver = _resolver(balancers=Balancers(lb=True))

    assert resolver.resolve("lb.", "A").records[0].values == ("127.64.0.1",)
    assert resolver.resolve("lb.", "AAAA").records == ()


TRACKS = (
    _alias("blue.example.com.", ELB_ZONE_ID, "b."),
    _alias("green.example.com.", ELB_ZONE_ID, "g."),
    _alias("api.example.com.", "Z1", "blue.example.com.", identifier="b", weight=90),
    _alias("api.example.com.", "Z1", "green.example.com.", identifier="g", weight=10),
)


@pytest.mark.parametrize(
    ("blue", "green", "unit", "answer"),
    [
        (True, True, 0.89, "127.64.0.1"),
        (True, True, 0.91, "127.64.0.2"),
        (False, True, 0.0, "127.64.0.2"),
        (True, False, 0.99, "127.64.0.1"),
        (False, False, 0.89, "127.64.0.1"),
        (False, False, 0.91, "127.64.0.2"),
    ],
)
def test_a_track_whose_load_balancer_is_unhealthy_is_taken_out(
    *, blue: bool, green: bool, unit: float, answer: str
) -> None:
    """Health is evaluated through both aliases; with both tracks dead the weights count again."""
    resolver = _resolver(*TRACKS, balancers=Balancers(b=blue, g=green), unit=unit)

    assert resolver.resolve("api.example.com.", "A").records[0].values == (answer,)


def test_a_failed_health_check_takes_its_record_out() -> None:
    """A record set whose check fails does not answer beside one without a check."""
    resolver = _resolver(
        _a("a.example.com.", "127.0.0.2", identifier="1", weight=200, health_check="sick"),
        _a("a.example.com.", "127.0.0.3", identifier="2", weight=1),
        passes=lambda check: check != "sick",
    )

    assert resolver.resolve("a.example.com.", "A").records[0].values == ("127.0.0.3",)


def test_aliases_in_a_circle_end() -> None:
    """They answer nothing instead of never."""
    resolver = _resolver(
        _alias("a.example.com.", "Z1", "b.example.com."),
        _alias("b.example.com.", "Z1", "a.example.com."),
    )

    assert resolver.resolve("a.example.com.", "A").records == ()
