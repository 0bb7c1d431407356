"""How mails reach a server: encrypted by default, with a certificate that was checked; and by SES."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from infra.local.processes import free_ports
from pinhole import mailer
from pinhole.errors import Unavailable
from pinhole.mailer import Letter
from pinhole.settings import Settings, settings
from tests.fixtures.cloud import Cloud
from tests.fixtures.mails import SENDER, Box, point_at, text

LETTER = Letter("A subject", "Grüße\n", "<p>Grüße</p>\n")
ADDRESS = "ann@example.org"


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, for this host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = directory / f"{name}.pem", directory / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


Serve = Callable[..., Box]


@pytest.fixture
def serve(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts servers, to which mails are sent then. name: of the host in the certificate, which is trusted."""
    servers: list[Controller] = []

    def start(security: str, name: str = "localhost", **options: Any) -> Box:
        box, [port] = Box(), free_ports(1)
        file, key = certificate(tmp_path, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key)
        match security:
            case "tls":
                options["ssl_context"] = context
            case "starttls":
                options |= {"tls_context": context, "require_starttls": True}
        server = Controller(box, hostname="127.0.0.1", port=port, **options)
        server.start()
        servers.append(server)
        point_at(monkeypatch, port, security)
        monkeypatch.setenv("PINHOLE_SMTP_HOST", "localhost")
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        settings.cache_clear()
        return box

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_arrives_as_it_was_written(serve: Serve, security: str) -> None:
    box = serve(security)
    mailer.send(ADDRESS, LETTER)
    [sent] = box.taken
    assert (sent["From"], sent["To"], sent["Subject"]) == (f"Pinhole <{SENDER}>", ADDRESS, "A subject")
    assert text(sent).replace("\r\n", "\n") == LETTER.text
    html = sent.get_body(("html",))
    assert html is not None
    assert html.get_content().replace("\r\n", "\n") == LETTER.html


def test_a_server_whose_certificate_is_of_another_host_is_told_nothing(serve: Serve) -> None:
    box = serve("starttls", "elsewhere.example")
    with pytest.raises(Unavailable, match="can't be reached: SSLCertVerificationError"):
        mailer.send(ADDRESS, LETTER)
    assert box.taken == []


def test_a_server_without_tls_is_told_nothing_unless_that_is_wished(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = serve("none")
    monkeypatch.setenv("PINHOLE_SMTP_SECURITY", "starttls")
    settings.cache_clear()
    with pytest.raises(Unavailable):
        mailer.send(ADDRESS, LETTER)
    assert box.taken == []


@pytest.mark.parametrize(("password", "enters"), [("a password of the server", True), ("another", False)])
def test_who_is_named_logs_in_there(serve: Serve, monkeypatch: pytest.MonkeyPatch, password: str, enters: bool) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (b"pinhole", b"a password of the server")
        return AuthResult(success=right, handled=False)

    box = serve("starttls", authenticator=check, auth_required=True)
    monkeypatch.setenv("PINHOLE_SMTP_USER", "pinhole")
    monkeypatch.setenv("PINHOLE_SMTP_PASSWORD", password)
    settings.cache_clear()
    if enters:
        mailer.send(ADDRESS, LETTER)
    else:
        with pytest.raises(Unavailable, match="answers 535"):
            mailer.send(ADDRESS, LETTER)
    assert len(box.taken) == enters


def test_what_a_server_answers_is_not_repeated_since_it_may_name_the_address(serve: Serve) -> None:
    box = serve("none")
    box.refuses = "550 unknown"
    with pytest.raises(Unavailable) as refused:
        mailer.send(ADDRESS, LETTER)
    assert ADDRESS not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_server_that_is_not_there_is_unavailable(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, free_ports(1)[0])
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        mailer.send(ADDRESS, LETTER)


class Ses:
    """SES, as its client asks it. refuses: with this error."""

    def __init__(self, refuses: str | None) -> None:
        self.refuses = refuses
        self.sent: list[dict[str, Any]] = []

    def send_email(self, **asked: Any) -> None:
        if self.refuses:
            told = {"Error": {"Code": self.refuses, "Message": ADDRESS}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(told, "SendEmail")  # type: ignore[arg-type]
        self.sent.append(asked)


@pytest.mark.parametrize("refuses", [None, "MessageRejected"])
def test_without_a_server_of_ones_own_ses_sends(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, refuses: str | None
) -> None:
    point_at(monkeypatch, 25)
    monkeypatch.setenv("PINHOLE_SMTP_HOST", "")
    settings.cache_clear()
    ses = Ses(refuses)
    monkeypatch.setattr("pinhole.aws.client", lambda *_: ses)
    mailer._ses.cache_clear()
    if refuses:
        with pytest.raises(Unavailable) as refused:
            mailer.send(ADDRESS, LETTER)
        assert ADDRESS not in str(refused.value)
        return
    mailer.send(ADDRESS, LETTER)
    [asked] = ses.sent
    assert asked["FromEmailAddress"] == f"Pinhole <{SENDER}>"
    assert asked["Destination"] == {"ToAddresses": [ADDRESS]}
    assert asked["Content"]["Simple"]["Body"]["Text"]["Data"] == LETTER.text


@pytest.mark.parametrize("sender", ["Pinhole <a@b.example>", "nobody", "a@b.example\r\nBcc: eve@b.example"])
def test_a_sender_that_is_no_bare_address_is_refused(sender: str) -> None:
    given = {"PINHOLE_DATABASE_URL": "", "PINHOLE_ORIGINALS_BUCKET": "", "PINHOLE_RENDITIONS_BUCKET": ""}
    Settings.model_validate(given | {"PINHOLE_MAIL_FROM": "a@b.example"})
    with pytest.raises(ValidationError, match="PINHOLE_MAIL_FROM"):
        Settings.model_validate(given | {"PINHOLE_MAIL_FROM": sender})
