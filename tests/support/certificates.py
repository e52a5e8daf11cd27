"""Certificates for loopback, trusted only by clients that are told to trust them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its private key, as PEM files.

    :param authority: certificate of who issued it, for clients: strict ones refuse a server's that is its own
    """

    file: Path
    key: Path
    authority: Path

    @classmethod
    def made_in(cls, folder: Path, *names: str) -> Self:
        """Make an authority and a certificate, valid for a day.

        :param names: of hosts that it is for, beside 127.0.0.1
        """
        issuer, issuer_key = _name("authority of a test"), ec.generate_private_key(ec.SECP256R1())
        key = ec.generate_private_key(ec.SECP256R1())
        hosts = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *map(x509.DNSName, names)]
        authority = (
            _started(issuer, issuer, issuer_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(issuer_key, hashes.SHA256())
        )
        certificate = (
            _started(_name("127.0.0.1"), issuer, key)
            .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        found = cls(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")
        found.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        found.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        found.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
        return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _started(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
