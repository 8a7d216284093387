"""The cloud's own certificate authority: its key is in memory only, its certificate in a file.

Validity is on the wall's clock, by which clients verify, however fast the cloud's runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 395
"""How long ACM's certificates are valid (13 months)."""
BACKDATED = timedelta(minutes=5)
"""Clocks of clients may be behind."""
LONGEST_COMMON_NAME = 64
KEY_ALGORITHMS = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate with its key, in PEM; the chain ends with the authority's certificate."""

    certificate: str
    chain: str
    key: str = field(repr=False)
    not_before: datetime
    not_after: datetime


class Authority:
    """Signs certificates for host names; another cloud's clients trust none of them."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "embedded cloud certificate authority")]
        )
        begin, end = self._validity()
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=("key_cert_sign", "crl_sign")), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        """The authority's certificate, for clients to trust."""
        return _pem(self._certificate)

    def issue(self, names: Sequence[str], key_algorithm: str = "RSA_2048") -> Issued:
        """A server certificate for exactly these host names (`*.` allowed) and a key of its own."""
        key = _new_key(key_algorithm)
        begin, end = self._validity()
        subject = _subject(names[0])
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
                critical=not list(subject),
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=("digital_signature", "key_encipherment")), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            certificate=_pem(certificate),
            chain=self.pem,
            key=key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode(),
            not_before=begin,
            not_after=end,
        )

    def _validity(self) -> tuple[datetime, datetime]:
        begin = self._now() - BACKDATED
        return begin, begin + timedelta(days=VALID_DAYS)


def _subject(name: str) -> x509.Name:
    """Empty for a name too long for it; the alternative names hold every name anyway."""
    if len(name) > LONGEST_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _new_key(algorithm: str) -> PrivateKey:
    match algorithm:
        case "EC_prime256v1":
            return ec.generate_private_key(ec.SECP256R1())
        case "EC_secp384r1":
            return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _usage(*, signs: Sequence[str]) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in signs for name in names})


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
