"""Uploads: what a client has, where it is to send it, and what became of it."""

from typing import Annotated, Literal, Self

from chalice.app import Blueprint
from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from api.endpoint import UPLOAD, endpoint
from api.responses import Answer
from api.wire import WHOLE, Id, Timestamp, WireModel
from pinhole import uploads
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, Gone, TooLarge
from pinhole.objects import Part
from pinhole.telemetry import follow
from pinhole.uploads import Duplicate, Promise, SignedPut, State, Upload, WantedPart

routes = Blueprint(__name__)

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Browsers give an empty one for HEIC and raw files.
ContentType = Annotated[
    str, StringConstraints(max_length=127, pattern=r"^([0-9A-Za-z!#$&^_.+-]+/[0-9A-Za-z!#$&^_.+-]+)?$")
]
PartNumber = Annotated[int, Field(ge=1, le=10_000), WHOLE]


class CheckUploads(WireModel):
    sha256s: list[Sha256] = Field(max_length=5000)


class ExistingItems(WireModel):
    existing: dict[str, Id] = Field(description="Item by SHA-256; what is missing here is not in the library")
    trashed: dict[str, Id] = Field(description="Item in the trash by SHA-256: to begin to upload it takes it out")


class BeginUpload(WireModel):
    filename: str = Field(min_length=1, max_length=1024)
    relative_path: str | None = Field(
        None, min_length=1, max_length=4096, description="Folders and name as the client has them, with slashes"
    )
    size_bytes: Annotated[int, Field(ge=0, lt=2**63), WHOLE]
    sha256: Sha256 = Field(description="Of the whole file, lower-case hex")
    content_type: ContentType | None = Field(None, description="Empty or null where the client knows none")
    modified_at: Timestamp | None = None


class SingleUpload(WireModel):
    """One PUT to `url` with exactly these headers. 412 from the store: the bytes are there already."""

    id: Id
    state: Literal["waiting"] = "waiting"
    method: Literal["single"] = "single"
    url: str
    headers: dict[str, str]
    url_expires_at: Timestamp

    @classmethod
    def of(cls, upload: Upload, signed: SignedPut) -> Self:
        return cls(
            id=upload.id,
            url=signed.request.url,
            headers=dict(signed.request.headers),
            url_expires_at=signed.expires_at,
        )


class MultipartUpload(WireModel):
    """Parts 1 to `partCount`, all but the last of `partSizeBytes`. Ask for URLs, send, then complete."""

    id: Id
    state: Literal["waiting"] = "waiting"
    method: Literal["multipart"] = "multipart"
    part_size_bytes: int
    part_count: int


class DuplicateUpload(WireModel):
    """Nothing to send: the library has these bytes as this item."""

    state: Literal["duplicate"] = "duplicate"
    item_id: Id


class PartHash(WireModel):
    part_number: PartNumber
    sha256: Sha256


class RequestParts(WireModel):
    """Up to 1,000 parts: either their numbers, or numbers with the hashes that the URLs are to bind."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [one], "properties": {one: {"type": "array"}, other: {"type": "null"}}}
                for one, other in (("partNumbers", "parts"), ("parts", "partNumbers"))
            ]
        }
    )

    part_numbers: list[PartNumber] | None = Field(None, min_length=1, max_length=1000)
    parts: list[PartHash] | None = Field(None, min_length=1, max_length=1000, validate_default=True)

    @field_validator("parts")
    @classmethod
    def _instead_of_numbers(cls, parts: list[PartHash] | None, given: ValidationInfo) -> list[PartHash] | None:
        if "part_numbers" in given.data and (given.data["part_numbers"] is None) == (parts is None):
            raise ValueError("either this or partNumbers is needed")
        return parts

    def wanted(self) -> list[WantedPart]:
        if self.parts is not None:
            return [WantedPart(part.part_number, bytes.fromhex(part.sha256)) for part in self.parts]
        return [WantedPart(number, None) for number in self.part_numbers or []]


class PartUrl(WireModel):
    part_number: int
    url: str
    headers: dict[str, str]


class PartUrls(WireModel):
    parts: list[PartUrl]


class StoredPart(WireModel):
    part_number: int
    size_bytes: int


class UploadError(WireModel):
    code: ErrorCode
    detail: str


class UploadOutcome(WireModel):
    id: Id
    state: State
    item_id: Id | None
    error: UploadError | None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        return cls(id=upload.id, state=upload.state, item_id=upload.item_id, error=_error_of(upload))


class UploadOutcomes(WireModel):
    uploads: list[UploadOutcome]


class UploadStatus(WireModel):
    id: Id
    state: State
    item_id: Id | None
    error: UploadError | None
    parts: list[StoredPart] = Field(description="What the store holds of a waiting multipart upload")

    @classmethod
    def of(cls, upload: Upload, parts: list[Part]) -> Self:
        return cls(
            id=upload.id,
            state=upload.state,
            item_id=upload.item_id,
            error=_error_of(upload),
            parts=[StoredPart(part_number=part.number, size_bytes=part.size_bytes) for part in parts],
        )


def _error_of(upload: Upload) -> UploadError | None:
    if upload.error_code is None:
        return None
    return UploadError(code=ErrorCode(upload.error_code), detail=upload.error_detail or "")


class CompleteUploads(WireModel):
    ids: list[Id] = Field(min_length=1, max_length=500)


class OpenUpload(WireModel):
    """What a client needs to find the file again and go on with its upload. One that is `received` needs no bytes."""

    id: Id
    state: Literal["waiting", "received"]
    filename: str
    relative_path: str | None
    size_bytes: int
    sha256: Sha256
    method: Literal["single", "multipart"]
    created_at: Timestamp
    expires_at: Timestamp

    @classmethod
    def of(cls, upload: Upload) -> Self:
        return cls(
            id=upload.id,
            state="received" if upload.state == "received" else "waiting",
            filename=upload.filename,
            relative_path=upload.relative_path,
            size_bytes=upload.size_bytes,
            sha256=upload.sha256.hex(),
            method=upload.method,
            created_at=upload.created_at,
            expires_at=upload.expires_at,
        )


class OpenUploads(WireModel):
    uploads: list[OpenUpload]


@routes.route("/uploads/check", methods=["POST"])
@endpoint(scopes=UPLOAD, body=CheckUploads, answer=ExistingItems)
def check_uploads(body: CheckUploads, caller: User) -> ExistingItems:
    """Tell which files the caller's library has already."""
    with transaction() as conn:
        existing = uploads.existing(conn, caller, [bytes.fromhex(sha256) for sha256 in body.sha256s])
    return ExistingItems(
        existing={sha256.hex(): item_id for sha256, item_id in existing.shown.items()},
        trashed={sha256.hex(): item_id for sha256, item_id in existing.trashed.items()},
    )


@routes.route("/uploads", methods=["POST"])
@endpoint(
    scopes=UPLOAD,
    body=BeginUpload,
    answer=SingleUpload | MultipartUpload,
    status=201,
    also={200: DuplicateUpload},
    errors=(TooLarge, Conflict),
)
def begin_upload(body: BeginUpload, caller: User) -> Answer:
    """Begin an upload, or go on with the open one of the same bytes.

    Files up to 16 MiB are one PUT; larger ones are sent in parts. The answer is `duplicate` where the library has
    these bytes already; if their item lies in the trash, it is taken out of it. 409 with the code `too_many_uploads`:
    so many lack bytes that it takes no more. Tell by `/uploads/complete` which were sent, and come back after the
    seconds of `Retry-After`.
    """
    promise = Promise(
        filename=body.filename,
        relative_path=body.relative_path,
        size_bytes=body.size_bytes,
        sha256=bytes.fromhex(body.sha256),
        content_type=body.content_type or "application/octet-stream",
        modified_at=body.modified_at,
    )
    upload = uploads.begin(caller, promise)
    if isinstance(upload, Duplicate):
        return Answer(DuplicateUpload(item_id=upload.item_id), status=200)
    follow(upload.id)
    if upload.part_size_bytes is None:
        return Answer(SingleUpload.of(upload, uploads.sign_put(upload)))
    return Answer(MultipartUpload(id=upload.id, part_size_bytes=upload.part_size_bytes, part_count=upload.part_count))


@routes.route("/uploads", methods=["GET"])
@endpoint(scopes=UPLOAD, answer=OpenUploads)
def list_uploads(caller: User) -> OpenUploads:
    """List the caller's uploads that have not ended: those that wait for bytes, then those whose bytes arrived.

    Each oldest first, and at most 5,000 in all.
    """
    with transaction() as conn:
        return OpenUploads(uploads=[OpenUpload.of(upload) for upload in uploads.list_unended(conn, caller)])


@routes.route("/uploads/complete", methods=["POST"])
@endpoint(scopes=UPLOAD, body=CompleteUploads, answer=UploadOutcomes)
def complete_uploads(body: CompleteUploads, caller: User) -> UploadOutcomes:
    """Tell that uploads of one PUT were sent, and learn what became of them.

    Each that waits is looked for in the store, and is `received` if its bytes are there. Uploads in parts are completed
    one by one: of them this tells the state alone. In the order of the ids, without those of no upload of the caller.
    """
    return UploadOutcomes(uploads=[UploadOutcome.of(upload) for upload in uploads.notice(caller, body.ids)])


@routes.route("/uploads/{upload_id}", methods=["GET"])
@endpoint(scopes=UPLOAD, answer=UploadStatus)
def read_upload(upload_id: Id, caller: User) -> UploadStatus:
    """Tell what became of an upload, and which of its parts have arrived."""
    with transaction() as conn:
        upload = uploads.get(conn, caller, upload_id)
    return UploadStatus.of(upload, uploads.stored_parts(upload))


@routes.route("/uploads/{upload_id}/url", methods=["POST"])
@endpoint(scopes=UPLOAD, answer=SingleUpload, errors=(Conflict, Gone))
def sign_upload(upload_id: Id, caller: User) -> SingleUpload:
    """Sign the URL of a single upload again."""
    with transaction() as conn:
        upload = uploads.get(conn, caller, upload_id)
    return SingleUpload.of(upload, uploads.sign_put(upload))


@routes.route("/uploads/{upload_id}/parts", methods=["POST"])
@endpoint(scopes=UPLOAD, body=RequestParts, answer=PartUrls, errors=(Conflict, Gone))
def request_parts(upload_id: Id, body: RequestParts, caller: User) -> PartUrls:
    """Sign the URLs of some parts, as often as needed. A URL that binds a hash takes no other bytes."""
    wanted = body.wanted()
    signed = uploads.sign_parts(caller, upload_id, wanted)
    return PartUrls(
        parts=[
            PartUrl(part_number=part.number, url=request.url, headers=dict(request.headers))
            for part, request in zip(wanted, signed, strict=True)
        ]
    )


@routes.route("/uploads/{upload_id}/complete", methods=["POST"])
@endpoint(scopes=UPLOAD, status=202, errors=(Conflict, Gone))
def complete_upload(upload_id: Id, caller: User) -> None:
    """Make one file of the parts.

    409 with the code `wrong_parts` names each part that is missing or has the wrong length in `errors`, as
    `parts.{number}`. Completing again is no error.
    """
    uploads.complete(caller, upload_id)


@routes.route("/uploads/{upload_id}", methods=["DELETE"])
@endpoint(scopes=UPLOAD, status=204, errors=(Conflict,))
def abort_upload(upload_id: Id, caller: User) -> None:
    """Give an upload up, before all of its bytes arrived. Again is no error.

    409 with the code `upload_not_waiting` once they have. Bytes that are on their way become a photo none the less.
    """
    uploads.abort(caller, upload_id)
