"""A certificate authority of a test's own, and a server's certificate from it, for loopback."""

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
class Authority:
    """An authority that only clients trust which are told to.

    Strict clients refuse an authority's own certificate as a server's, so it issues one.

    :param file: its certificate
    :param server: a server's certificate and key
    """

    file: Path
    server: tuple[Path, Path]

    @classmethod
    def made_in(cls, folder: Path) -> Self:
        """Make both, valid for a day."""
        issuer, key = _name("authority of a test"), ec.generate_private_key(ec.SECP256R1())
        server_key = ec.generate_private_key(ec.SECP256R1())
        loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        authority = (
            _started(issuer, issuer, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        server = (
            _started(_name("127.0.0.1"), issuer, server_key)
            .add_extension(loopback, critical=False)
            .sign(key, hashes.SHA256())
        )
        found = cls(folder / "authority.pem", (folder / "server.pem", folder / "server-key.pem"))
        found.file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        found.server[0].write_bytes(server.public_bytes(serialization.Encoding.PEM))
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        found.server[1].write_bytes(server_key.private_bytes(serialization.Encoding.PEM, *plain))
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
