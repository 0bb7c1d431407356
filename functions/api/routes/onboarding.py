"""What strangers are told of the library, and what its first administrator says of it."""

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import Timestamp, WireModel
from pinhole.accounts import names, onboarding
from pinhole.errors import Conflict

routes = Blueprint(__name__)


class OnboardingState(WireModel):
    registration_open: bool = Field(description="Whether the first user may still register")
    setup_token_required: bool = Field(description="Whether that takes the set-up token")
    onboarded: bool = Field(description="Whether an administrator has said what POST /onboarding asks")
    mail_works: bool = Field(description="Whether it sends mails, by which a forgotten password is replaced")
    passkeys_work: bool = Field(description="Whether there can be passkeys where the page is")


class LibraryWords(WireModel):
    library_name: str = Field(
        min_length=1, description=f"Kept NFC-normalised and trimmed, 1-{names.MAX_CHARACTERS} characters"
    )
    fallback_timezone: str = Field(
        min_length=1,
        max_length=64,
        description="IANA name of the zone that orders items whose UTC time is unknown",
        examples=["Europe/Amsterdam"],
    )
    originals_may_be_deleted: bool = Field(description="Whether Pinhole may delete originals, when their users ask")


class LibraryState(WireModel):
    name: str
    fallback_timezone: str
    originals_may_be_deleted: bool
    onboarded_at: Timestamp


@routes.route("/onboarding", methods=["GET"])
@endpoint(answer=OnboardingState, public=True)
def read_onboarding() -> OnboardingState:
    """Tell whether the first user may still register, whether the library was set up, and whether it sends mails."""
    state = onboarding.read()
    return OnboardingState(
        registration_open=state.registration_open,
        setup_token_required=state.setup_token_required,
        onboarded=state.onboarded,
        mail_works=state.mail_works,
        passkeys_work=state.passkeys_work,
    )


@routes.route("/onboarding", methods=["POST"])
@endpoint(body=LibraryWords, answer=LibraryState, status=201, errors=(Conflict,), administrator=True)
def onboard(body: LibraryWords) -> LibraryState:
    """Say of the whole library what can be said once: 409, `already_onboarded`, afterwards."""
    kept = onboarding.onboard(
        body.library_name, body.fallback_timezone, originals_may_be_deleted=body.originals_may_be_deleted
    )
    return LibraryState(
        name=kept.name,
        fallback_timezone=kept.fallback_timezone,
        originals_may_be_deleted=kept.originals_may_be_deleted,
        onboarded_at=kept.onboarded_at,
    )
