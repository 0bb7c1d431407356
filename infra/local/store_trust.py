"""What the parts of the object store know each other by: `security.toml` with its keys and its certificate.

The parts live in one process and talk over ports of 127.0.0.1, which every account of the machine reaches. With mutual
TLS they talk to nobody else, over gRPC or HTTP. Each start has its own.
"""

import datetime as dt
import ipaddress
import json
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.local.processes import HOST

SIGNING = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
GRPC = ("grpc.master", "grpc.volume", "grpc.filer", "grpc.s3", "grpc.client")
HTTPS = ("https.master", "https.volume", "https.filer")
# Neither a clock that is set, nor years of running, may end the trust of a process in itself.
VALID = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC))


def write(config: Path) -> None:
    """Write `security.toml`, `certificate.pem` and `key.pem` into this directory, readable by its owner only."""
    certificate, key = _self_signed()
    write_private(config / "certificate.pem", certificate)
    write_private(config / "key.pem", key)
    pair = {"cert": str(config / "certificate.pem"), "key": str(config / "key.pem")}
    authority = {"ca": pair["cert"]}
    sections: dict[str, dict[str, str | bool]] = {
        **{name: {"key": secrets.token_urlsafe(32)} for name in SIGNING},
        "grpc": {**authority},
        **{name: {**pair} for name in GRPC},
        **{name: {**pair, **authority} for name in HTTPS},
        "https.client": {"enabled": True, **pair, **authority},
    }
    write_private(config / "security.toml", "".join(_section(*section) for section in sections.items()))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _self_signed() -> tuple[str, str]:
    """A certificate for 127.0.0.1, its own authority, and its key; both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pinhole's store")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), *VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    as_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), as_pem.decode()


def _section(name: str, values: dict[str, str | bool]) -> str:
    # JSON's strings and truths are TOML's.
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
