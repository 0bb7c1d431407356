"""Sends mails: by an SMTP server where one is set, else by SES (v2).

No user's text is in a header, and no failure tells an address: what servers answer may name it, and would be logged.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from pinhole import aws
from pinhole.errors import Unavailable
from pinhole.settings import settings

SENDER = "Pinhole"
TIMEOUT_SECONDS = 10  # for each step of a conversation; the function has 30


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: its subject in ASCII, and the same text plain and as HTML."""

    subject: str
    text: str
    html: str


def works() -> bool:
    """Whether mails can be sent, and their links lead somewhere."""
    return bool(settings().mail_from and settings().web_origin)


def send(address: str, letter: Letter) -> None:
    """Send to one address, which is ASCII and was checked. Raises Unavailable, also where the mail is refused."""
    if settings().smtp_host:
        _by_smtp(address, letter)
    else:
        _by_ses(address, letter)


def _by_smtp(address: str, letter: Letter) -> None:
    try:
        message = _message(address, letter)
        with _connected() as server:
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise Unavailable(f"The mail server answers {error.smtp_code}.") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise Unavailable(f"The mail server refuses the recipient: {codes}.") from None
    except smtplib.SMTPException as error:
        raise Unavailable(f"The mail server can't be used: {type(error).__name__}.") from None
    except OSError as error:
        raise Unavailable(f"The mail server can't be reached: {type(error).__name__}.") from None
    except ValueError as error:  # of an address, or a password, that can't be said to a server
        raise Unavailable(f"The mail can't be written: {type(error).__name__}.") from None


def _message(address: str, letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address(SENDER, addr_spec=settings().mail_from)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = letter.subject
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=settings().mail_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _connected() -> smtplib.SMTP:
    """A conversation that is encrypted, with a certificate that was checked, unless the setting says that it is not."""
    host, port, security = settings().smtp_host, settings().smtp_port, settings().smtp_security
    if security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    try:
        if security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings().smtp_user:
            server.login(settings().smtp_user, settings().smtp_password.get_secret_value())
    except (smtplib.SMTPException, OSError):
        server.close()
        raise
    return server


def _by_ses(address: str, letter: Letter) -> None:
    def content(data: str) -> dict[str, str]:
        return {"Data": data, "Charset": "UTF-8"}

    try:
        with aws.answering("mail service"):
            _ses().send_email(
                FromEmailAddress=f"{SENDER} <{settings().mail_from}>",
                Destination={"ToAddresses": [address]},
                Content={
                    "Simple": {
                        "Subject": content(letter.subject),
                        "Body": {"Text": content(letter.text), "Html": content(letter.html)},
                    }
                },
            )
    except ClientError as error:
        raise Unavailable(f"The mail service refuses it: {error.response['Error']['Code']}.") from None


@cache
def _ses() -> Any:
    from botocore.config import Config

    # What fails comes back by the queue; a second attempt here would outlast the function.
    patience = Config(read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1})
    return aws.client("sesv2", patience)
