"""E-mail addresses, and what is done by mails: confirming one, and choosing a new password."""

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.requests import Request
from api.routes.second_factors import CurrentPassword
from api.wire import WireModel
from pinhole.accounts import Session, emails, limits, names, password_reset
from pinhole.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from pinhole.errors import Conflict, Forbidden, NotFound, TooManyRequests

routes = Blueprint(__name__)

EMAIL = Field(min_length=1, max_length=names.MAX_EMAIL_CHARACTERS, examples=["ann@example.org"])
TOKEN = Field(min_length=1, max_length=256, description="What follows the # of the link in the mail")


class NewEmail(WireModel):
    email: str = EMAIL
    current_password: str = Field(min_length=1, max_length=MAX_CHARACTERS)


class MailToken(WireModel):
    token: str = TOKEN


class ForgottenPassword(WireModel):
    email: str = EMAIL


class ChosenPassword(WireModel):
    token: str = TOKEN
    new_password: str = Field(min_length=MIN_CHARACTERS, max_length=MAX_CHARACTERS)


@routes.route("/me/email", methods=["POST"])
@endpoint(body=NewEmail, status=202, errors=(Forbidden, Conflict), limit=limits.PASSWORD)
def change_email(body: NewEmail, session: Session, request: Request) -> None:
    """Send a mail to an address, whose link makes it the caller's.

    The link is good for 24 hours, and until another is asked for. 403, `wrong_credentials`, where `currentPassword` is
    another; 409, `mail_not_set_up`, where no mails are sent.
    """
    emails.change(session.user, body.email, body.current_password, request.address)


@routes.route("/me/email/remove", methods=["POST"])
@endpoint(body=CurrentPassword, status=204, errors=(Forbidden,), limit=limits.PASSWORD)
def remove_email(body: CurrentPassword, session: Session, request: Request) -> None:
    """Forget the caller's e-mail address, and one that waits to be confirmed. 403: `wrong_credentials`."""
    emails.remove(session.user, body.current_password, request.address)


@routes.route("/auth/email/confirm", methods=["POST"])
@endpoint(body=MailToken, status=204, errors=(NotFound, Conflict), public=True, limit=limits.MAIL_TOKEN)
def confirm_email(body: MailToken) -> None:
    """Make an address its user's, by what was sent there.

    404, `mail_token_invalid`, where the token is not good any more; 409, `email_taken`, where another user has the
    address.
    """
    emails.confirm(body.token)


@routes.route("/auth/password-reset", methods=["POST"])
@endpoint(
    body=ForgottenPassword,
    status=202,
    errors=(Conflict, TooManyRequests),
    public=True,
    limit=limits.RESET,
)
def ask_for_password(body: ForgottenPassword, request: Request) -> None:
    """Have a link sent by which a new password is chosen, if the address is somebody's.

    The answer is the same whether or not it is. The link is good for an hour, once, and until a newer one is sent or
    the password is changed. 409, `mail_not_set_up`, where no mails are sent.
    """
    password_reset.ask(body.email, request.address)


@routes.route("/auth/password-reset/confirm", methods=["POST"])
@endpoint(body=ChosenPassword, status=204, errors=(NotFound,), public=True, limit=limits.MAIL_TOKEN)
def choose_password(body: ChosenPassword) -> None:
    """Choose a new password by the token of a mail, and end all sessions of its user; second factors stay.

    404, `mail_token_invalid`, where the token is not good any more.
    """
    password_reset.confirm(body.token, body.new_password)
