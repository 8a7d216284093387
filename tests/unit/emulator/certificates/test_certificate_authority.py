"""Certificates of the cloud's own authority, as a TLS client sees them."""

import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from emulator.certificates.authority import KEY_ALGORITHMS, Authority, Issued


def _handshake(authority: Authority, issued: Issued, host: str, folder: Path) -> None:
    """A client that trusts the authority meets a server with the certificate; raises on failure."""
    file = folder / "server.pem"
    file.write_text(issued.key + issued.certificate + issued.chain)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(file)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    trusting = ssl.create_default_context(cadata=authority.pem)
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    for end in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    assert client.getpeercert()


@pytest.mark.parametrize("algorithm", KEY_ALGORITHMS)
@pytest.mark.parametrize("host", ["api.example.com", "blue.api.example.com"])
def test_clients_that_trust_the_authority_verify_its_certificates(
    algorithm: str, host: str, tmp_path: Path
) -> None:
    """For the name and for one label under the wildcard, with every kind of key."""
    authority = Authority()

    _handshake(
        authority,
        authority.issue(["api.example.com", "*.api.example.com"], algorithm),
        host,
        tmp_path,
    )


@pytest.mark.parametrize("host", ["other.example.com", "a.b.api.example.com", "example.com"])
def test_other_hosts_are_not_verified(host: str, tmp_path: Path) -> None:
    """A certificate is for its names only."""
    authority = Authority()
    issued = authority.issue(["api.example.com", "*.api.example.com"])

    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(authority, issued, host, tmp_path)


def test_another_clouds_authority_is_not_trusted(tmp_path: Path) -> None:
    """Two authorities of one name are strangers."""
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(Authority(), Authority().issue(["a.example.com"]), "a.example.com", tmp_path)


def test_certificates_are_valid_from_now_for_thirteen_months() -> None:
    """On the clock handed in; a client's clock may be some minutes behind."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    issued = Authority(lambda: now).issue(["a.example.com"])

    leaf = x509.load_pem_x509_certificate(issued.certificate.encode())
    assert leaf.not_valid_before_utc < now < leaf.not_valid_after_utc
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 395
    assert (issued.not_before, issued.not_after) == (
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
    )


def test_a_name_too_long_for_the_subject_is_still_certified(tmp_path: Path) -> None:
    """Over 64 characters only the alternative names hold it."""
    authority = Authority()
    host = f"{'a' * 60}.example.com"

    _handshake(authority, authority.issue([host]), host, tmp_path)


def test_the_key_is_not_shown() -> None:
    """A certificate that is printed does not give its key away."""
    assert "PRIVATE KEY" not in repr(Authority().issue(["a.example.com"]))
