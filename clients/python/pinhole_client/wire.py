"""What the API takes and answers. Written by `python -m infra generate`. Do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Account(TypedDict):
    id: int
    name: str
    role: Literal['administrator', 'member']
    folder: str
    email: str | None
    pendingEmail: str | None


class AccountSummary(TypedDict):
    id: int
    name: str
    role: Literal['administrator', 'member']


class Analysis(TypedDict):
    state: Literal['waiting', 'failed', 'done']
    models: list[LookingModel]
    tags: list[Tag]
    objects: list[DetectedObject]
    faces: list[Face]
    text: list[TextLine]
    colours: Colours | None
    quality: Quality | None
    caption: Caption | None
    captionWaits: bool


class ApiKeySummary(TypedDict):
    id: str
    name: str
    scopes: list[Literal['upload', 'read', 'all']]
    createdAt: str
    lastUsedAt: str | None


class ApiKeyToken(TypedDict):
    key: ApiKeySummary
    token: str


class ApiKeys(TypedDict):
    keys: list[ApiKeySummary]


class BeginUpload(TypedDict):
    filename: str
    relativePath: NotRequired[str | None]
    sizeBytes: int
    sha256: str
    contentType: NotRequired[str | None]
    modifiedAt: NotRequired[str | None]


class Box(TypedDict):
    left: float
    top: float
    width: float
    height: float


class Camera(TypedDict):
    make: str | None
    model: str | None
    lens: str | None
    focalLengthMm: float | None
    fNumber: float | None
    exposureSeconds: float | None
    iso: int | None


class Caption(TypedDict):
    caption: str
    mainSubject: str | None
    setting: str | None
    pets: bool
    animalType: str | None
    vehicle: str | None
    landmark: str | None
    food: str | None
    drink: str | None
    event: str | None
    activity: str | None
    documentType: str | None
    peopleCount: int
    mood: str | None
    indoor: bool
    landscape: bool
    cityscape: bool


class Change(TypedDict):
    id: str
    state: Literal['running', 'done', 'failed']
    total: int
    done: int
    skipped: int
    undoes: str | None
    undone: bool


class Check(TypedDict):
    name: Literal['database', 'objects', 'queues', 'dead_letters', 'paused', 'waiting', 'failures', 'mails', 'schedules']
    state: Literal['ok', 'warning', 'failing', 'unknown']
    findings: list[Finding]


class CheckUploads(TypedDict):
    sha256s: list[str]


class ChosenPassword(TypedDict):
    token: str
    newPassword: str


class CodeCount(TypedDict):
    code: str | None
    failed: int


class Colours(TypedDict):
    dominant: list[DominantColour]
    hue: float | None
    saturation: float
    lightness: float
    histogram: list[float]


class CompleteUploads(TypedDict):
    ids: list[str]


class Condition(TypedDict):
    checks: list[Check]


class Coordinates(TypedDict):
    latitude: float
    longitude: float
    altitudeM: float | None
    directionDeg: float | None


class Credentials(TypedDict):
    name: str
    password: str


class CurrentPassword(TypedDict):
    currentPassword: str


class DeadLetters(TypedDict):
    name: str
    depth: int


class DeleteMe(TypedDict):
    currentPassword: str
    originals: bool


class DeleteUser(TypedDict):
    originals: bool


class DetectedObject(TypedDict):
    name: str
    score: float
    box: Box


class DominantColour(TypedDict):
    colour: str
    share: float


class DuplicateUpload(TypedDict):
    state: Literal['duplicate']
    itemId: str


ErrorCode = Literal['invalid', 'malformed_body', 'unsupported_media_type', 'too_large', 'not_found', 'method_not_allowed', 'conflict', 'gone', 'forbidden', 'too_many_requests', 'busy', 'unavailable', 'database_unavailable', 'disk_full', 'internal_error', 'unauthenticated', 'wrong_credentials', 'token_invalid', 'token_expired', 'session_ended', 'refresh_token_invalid', 'registration_closed', 'setup_token_wrong', 'invite_invalid', 'name_taken', 'not_administrator', 'already_onboarded', 'folder_taken', 'invite_used', 'email_taken', 'mail_not_set_up', 'mail_token_invalid', 'own_account', 'last_administrator', 'being_deleted', 'originals_are_kept', 'key_invalid', 'not_by_this_key', 'too_many_keys', 'second_factor_wrong', 'login_ticket_invalid', 'passkey_wrong', 'passkeys_unavailable', 'passkey_known', 'too_many_passkeys', 'totp_enrolled', 'totp_not_pending', 'no_second_factor', 'file_too_large', 'storage_full', 'too_many_uploads', 'upload_aborted', 'upload_expired', 'upload_not_waiting', 'single_upload', 'multipart_upload', 'wrong_parts', 'object_not_found', 'object_exists', 'file_rejected', 'empty_file', 'unsupported_type', 'corrupt', 'truncated', 'too_many_pixels', 'too_costly', 'exceeds_disk', 'size_mismatch', 'checksum_mismatch', 'processing_failed', 'if_match_required', 'item_changed', 'not_with_this_set', 'bad_signature', 'no_such_item', 'no_such_queue', 'no_such_schedule', 'no_consumer', 'no_dead_letters', 'move_under_way', 'bad_path', 'bad_request', 'too_slow', 'unsupported_encoding', 'bad_range', 'wrong_host', 'foreign_origin', 'not_built']


class ExistingItems(TypedDict):
    existing: dict[str, str]
    trashed: dict[str, str]


class Face(TypedDict):
    box: Box
    landmarks: list[Point]
    confidence: float
    sizePx: int
    sharpness: float


class Factors(TypedDict):
    passwordIsEnough: bool
    totp: TotpSummary | None
    passkeys: list[PasskeySummary]
    recoveryCodesLeft: int
    relyingParty: str | None


class Failure(TypedDict):
    itemId: str
    stage: Stage
    attempts: int
    owner: str
    filename: str
    sizeBytes: int
    code: str | None
    report: str | None
    createdAt: str
    finishedAt: str


class FailurePage(TypedDict):
    failures: list[Failure]
    codes: list[CodeCount] | None
    nextCursor: str | None


class FilterValue(TypedDict):
    value: str
    count: int


class FilterValues(TypedDict):
    name: str
    values: list[FilterValue]


class Filters(TypedDict):
    filters: list[FilterValues]
    takesPictures: bool


class Finding(TypedDict):
    subject: str
    count: int | None
    since: str | None


class FirstRecoveryCodes(TypedDict):
    recoveryCodes: list[str] | None


class Folder(TypedDict):
    path: str
    count: int


class Folders(TypedDict):
    folders: list[Folder]
    nextAfter: str | None


class ForgottenPassword(TypedDict):
    email: str


class Found(TypedDict):
    ids: list[str]
    ratios: str
    kinds: list[Literal['photo', 'video']]
    flags: list[int]
    durationsMs: list[int]
    takenAtLocal: list[str]
    thumbHashes: list[str]
    itemKeys: list[str]
    versions: list[int]
    places: list[str]
    placeNumbers: list[int]
    signatures: list[str]
    keyId: str
    thumbExpires: int
    mediaBaseUrl: str
    scores: list[float]
    why: list[list[Literal['text', 'picture']]]
    understood: list[Words]
    nextCursor: str | None
    warming: bool
    unsure: bool
    unseen: int
    textOnly: bool


class FullSizeRendition(TypedDict):
    state: Literal['ready', 'making', 'failed']
    rendition: Rendition | None
    renditionsExpireAt: str
    errorCode: ErrorCode | None


class Health(TypedDict):
    status: Literal['ok', 'unavailable']
    parts: Parts


class InviteLink(TypedDict):
    invite: InviteSummary
    token: str
    url: str


class InviteList(TypedDict):
    invites: list[InviteSummary]


class InviteSummary(TypedDict):
    id: str
    state: Literal['open', 'used', 'revoked', 'expired']
    folder: str | None
    quotaBytes: int | None
    madeBy: str | None
    usedBy: str | None
    createdAt: str
    expiresAt: str
    usedAt: str | None


class InviteToken(TypedDict):
    token: str


class InviteWelcome(TypedDict):
    libraryName: str | None
    expiresAt: str


class ItemDetails(TypedDict):
    id: str
    revision: int
    kind: Literal['photo', 'video']
    state: Literal['ready', 'notProcessedYet']
    filename: str
    relativePath: str | None
    mimeType: str
    sizeBytes: int
    uploadedAt: str
    width: int | None
    height: int | None
    durationMs: int | None
    video: Video | None
    takenAtLocal: str
    takenAtUtc: str | None
    utcOffsetSeconds: int | None
    timezoneName: str | None
    originalTakenAtLocal: str | None
    originalTakenAtUtc: str | None
    originalUtcOffsetSeconds: int | None
    originalTimezoneName: str | None
    timeSource: TimeSource | None
    timeConfidence: Literal['high', 'medium', 'low']
    camera: Camera | None
    rating: int | None
    title: str | None
    description: str | None
    keywords: list[str]
    saidByPerson: list[Literal['time', 'position', 'title', 'description', 'rating', 'keywords']]
    coordinates: Coordinates | None
    place: Place | None
    projection: str | None
    fieldOfViewDeg: float | None
    isHdr: bool
    isNight: bool
    isScreenshot: bool
    isAnimated: bool
    burstId: str | None
    hasClip: bool
    favourite: bool
    archived: bool
    trashedAt: str | None
    exif: dict[str, Any]
    thumbHash: str | None
    colours: list[str]
    analysis: Analysis | None
    renditions: list[Rendition]
    renditionsExpireAt: str
    original: Original


class ItemEdit(TypedDict):
    set: NotRequired[ItemValues]
    reset: NotRequired[list[Literal['time', 'position', 'title', 'description', 'rating', 'keywords']]]
    changeId: NotRequired[str | None]


class ItemPlayback(TypedDict):
    state: Literal['ready', 'making', 'failed', 'none']
    source: PlaybackSource | None
    durationMs: int | None
    progress: float | None
    errorCode: ErrorCode | None


class ItemValues(TypedDict):
    takenAtLocal: NotRequired[str]
    utcOffsetSeconds: NotRequired[int | None]
    shiftSeconds: NotRequired[int]
    place: NotRequired[PlaceValue | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    rating: NotRequired[int | None]
    keywords: NotRequired[list[str] | None]
    addKeywords: NotRequired[list[str]]
    removeKeywords: NotRequired[list[str]]
    favourite: NotRequired[bool]
    archived: NotRequired[bool]
    trashed: NotRequired[bool]


ItemsEdit = TypedDict('ItemsEdit', {'set': 'NotRequired[ItemValues]', 'reset': "NotRequired[list[Literal['time', 'position', 'title', 'description', 'rating', 'keywords']]]", 'changeId': 'NotRequired[str | None]', 'ids': 'NotRequired[list[str]]', 'list': 'NotRequired[ListedItems | None]', 'asOf': 'NotRequired[str | None]'})


class Jobs(TypedDict):
    stages: list[StageSummary]


class LibraryCovers(TypedDict):
    revision: int
    months: list[str]
    ids: list[str]
    ratios: str
    thumbHashes: list[str]
    itemKeys: list[str]
    versions: list[int]
    signatures: list[str]
    keyId: str
    thumbExpires: int
    mediaBaseUrl: str


class LibraryState(TypedDict):
    name: str
    fallbackTimezone: str
    originalsMayBeDeleted: bool
    onboardedAt: str


class LibraryTimeline(TypedDict):
    revision: int
    asOf: str
    months: list[MonthSummary]


class LibraryWords(TypedDict):
    libraryName: str
    fallbackTimezone: str
    originalsMayBeDeleted: bool


ListedItems = TypedDict('ListedItems', {'name': "Literal['timeline', 'favourites', 'archive', 'trash', 'recent', 'folder']", 'path': 'NotRequired[str | None]', 'months': 'NotRequired[list[str] | None]', 'except': 'NotRequired[list[str]]'})


class LiveTicket(TypedDict):
    ticket: str
    expiresAt: str


class LookingModel(TypedDict):
    role: Role
    name: str
    version: str


class MadePasskey(TypedDict):
    passkey: PasskeySummary
    recoveryCodes: list[str] | None


class MailToken(TypedDict):
    token: str


class MonthItems(TypedDict):
    ids: list[str]
    ratios: str
    kinds: list[Literal['photo', 'video']]
    flags: list[int]
    durationsMs: list[int]
    takenAtLocal: list[str]
    thumbHashes: list[str]
    itemKeys: list[str]
    versions: list[int]
    places: list[str]
    placeNumbers: list[int]
    signatures: list[str]
    keyId: str
    thumbExpires: int
    mediaBaseUrl: str
    month: str
    revision: int
    nextCursor: str | None


class MonthSummary(TypedDict):
    month: str
    count: int
    revision: int
    ratios: str


class MultipartUpload(TypedDict):
    id: str
    state: Literal['waiting']
    method: Literal['multipart']
    partSizeBytes: int
    partCount: int


class NewApiKey(TypedDict):
    name: str
    currentPassword: str
    scopes: list[Literal['upload', 'read', 'all']]


class NewEmail(TypedDict):
    email: str
    currentPassword: str


class NewInvite(TypedDict):
    folder: NotRequired[str | None]
    quotaBytes: NotRequired[int | None]
    expiresAt: NotRequired[str | None]
    email: NotRequired[str | None]


class NewName(TypedDict):
    name: str


class NewPasskey(TypedDict):
    ticket: str
    name: str
    passkey: dict[str, Any]


class NewPassword(TypedDict):
    currentPassword: str
    newPassword: str


class OnboardingState(TypedDict):
    registrationOpen: bool
    setupTokenRequired: bool
    onboarded: bool
    mailWorks: bool
    passkeysWork: bool


class OpenUpload(TypedDict):
    id: str
    state: Literal['waiting', 'received']
    filename: str
    relativePath: str | None
    sizeBytes: int
    sha256: str
    method: Literal['single', 'multipart']
    createdAt: str
    expiresAt: str


class OpenUploads(TypedDict):
    uploads: list[OpenUpload]


class Original(TypedDict):
    url: str
    filename: str
    expiresAt: str


class OriginalDownload(TypedDict):
    itemId: str
    url: str
    filename: str
    sizeBytes: int
    takenAtLocal: str


class OriginalDownloads(TypedDict):
    files: list[OriginalDownload]
    expiresAt: str


class OwnSession(TypedDict):
    id: str
    userAgent: str | None
    address: str | None
    createdAt: str
    lastSeenAt: str
    isCurrent: bool


class OwnSessions(TypedDict):
    sessions: list[OwnSession]


class PartHash(TypedDict):
    partNumber: int
    sha256: str


class PartUrl(TypedDict):
    partNumber: int
    url: str
    headers: dict[str, str]


class PartUrls(TypedDict):
    parts: list[PartUrl]


class Parts(TypedDict):
    database: Literal['ok', 'unavailable']
    objects: Literal['ok', 'unavailable']
    queues: Literal['ok', 'unavailable']


class PasskeyChallenge(TypedDict):
    ticket: str
    options: dict[str, Any]


class PasskeyLogin(TypedDict):
    ticket: str
    passkey: dict[str, Any]


class PasskeySummary(TypedDict):
    id: str
    name: str
    createdAt: str
    lastUsedAt: str | None
    backedUp: bool
    works: bool


class Place(TypedDict):
    countryCode: str
    country: str | None
    region: str | None
    city: str | None
    neighbourhood: str | None


class PlaceSuggestion(TypedDict):
    name: str
    region: str | None
    country: str
    countryCode: str
    latitude: float
    longitude: float


class PlaceSuggestions(TypedDict):
    places: list[PlaceSuggestion]


class PlaceValue(TypedDict):
    latitude: NotRequired[float]
    longitude: NotRequired[float]
    name: NotRequired[str]


class PlaybackSource(TypedDict):
    url: str
    mimeType: str
    width: int
    height: int
    sizeBytes: int
    isOriginal: bool
    expiresAt: str


class Point(TypedDict):
    x: float
    y: float


class Problem(TypedDict):
    type: str
    title: str
    status: int
    code: ErrorCode
    detail: str
    errors: list[ProblemField]
    limit: int | None
    requestId: str


class ProblemField(TypedDict):
    field: str
    message: str
    limit: int | None


class Quality(TypedDict):
    sharpness: float
    noise: float
    exposure: float
    overall: float


class QueueSummary(TypedDict):
    name: str
    waiting: int
    inFlight: int
    delayed: int
    oldestSeconds: int | None
    consumer: str | None
    visibilityTimeoutSeconds: int
    maxReceiveCount: int | None
    deadLetters: DeadLetters | None


class Queues(TypedDict):
    queues: list[QueueSummary]


class RecoveryCodes(TypedDict):
    recoveryCodes: list[str]


class RefreshRequest(TypedDict):
    refreshToken: str


class Registration(TypedDict):
    name: str
    password: str
    setupToken: NotRequired[str | None]
    inviteToken: NotRequired[str | None]


class Rendition(TypedDict):
    name: str
    width: int
    height: int
    sizeBytes: int
    url: str


class RequestParts(TypedDict):
    partNumbers: NotRequired[list[int] | None]
    parts: NotRequired[list[PartHash] | None]


class Retried(TypedDict):
    retried: int
    notRetried: int
    nextCursor: str | None


class Retry(TypedDict):
    itemId: NotRequired[str | None]
    stage: NotRequired[Stage | None]
    code: NotRequired[str | None]
    owner: NotRequired[str | None]
    cursor: NotRequired[str | None]


Role = Literal['image_embedding', 'tags', 'objects', 'faces', 'ocr', 'colours', 'quality', 'caption']


class ScheduleSummary(TypedDict):
    name: str
    every: str
    everySeconds: int | None
    state: Literal['never', 'running', 'succeeded', 'failed', 'lost']
    startedAt: str | None
    finishedAt: str | None
    succeededAt: str | None
    counts: dict[str, int] | None
    error: str | None
    overdue: bool


class Schedules(TypedDict):
    schedules: list[ScheduleSummary]


class Searched(TypedDict):
    q: str


class SearchedPicture(TypedDict):
    picture: str


class SecondFactor(TypedDict):
    ticket: str
    code: NotRequired[str | None]
    recoveryCode: NotRequired[str | None]
    passkey: NotRequired[dict[str, Any] | None]


class SecondFactorAsked(TypedDict):
    ticket: str
    expiresAt: str
    factors: list[Literal['totp', 'passkey', 'recovery_code']]
    passkeyOptions: dict[str, Any] | None


class SessionTokens(TypedDict):
    accessToken: str
    refreshToken: str
    expiresAt: str
    user: AccountSummary


class SingleUpload(TypedDict):
    id: str
    state: Literal['waiting']
    method: Literal['single']
    url: str
    headers: dict[str, str]
    urlExpiresAt: str


Stage = Literal['metadata', 'renditions', 'poster', 'video', 'stills', 'clip', 'analysis', 'caption', 'full_size']


class StageSummary(TypedDict):
    stage: Stage
    waiting: int
    running: int
    done: int
    failed: int
    oldestWaiting: str | None
    doneIn5Minutes: int
    doneIn60Minutes: int
    etaSeconds: int | None


class Storage(TypedDict):
    originalsBytes: int
    renditionsBytes: int
    items: int
    quotaBytes: int | None
    originalsMayBeDeleted: bool


class StoredPart(TypedDict):
    partNumber: int
    sizeBytes: int


class Suggestion(TypedDict):
    kind: Literal['search', 'place', 'country', 'camera', 'object', 'tag']
    text: str
    filter: str | None


class Suggestions(TypedDict):
    suggestions: list[Suggestion]


class Tag(TypedDict):
    name: str
    score: float


class TextLine(TypedDict):
    text: str
    score: float
    corners: list[Point]


TimeSource = Literal['exif_original', 'exif_digitized', 'filename', 'gps', 'exif_modified', 'file_modified', 'uploaded', 'video', 'person']


class TotpCode(TypedDict):
    code: str


class TotpSecret(TypedDict):
    secret: str
    uri: str


class TotpSummary(TypedDict):
    createdAt: str


class UploadError(TypedDict):
    code: ErrorCode
    detail: str


class UploadOutcome(TypedDict):
    id: str
    state: Literal['waiting', 'received', 'ready', 'failed', 'duplicate', 'aborted']
    itemId: str | None
    error: UploadError | None


class UploadOutcomes(TypedDict):
    uploads: list[UploadOutcome]


class UploadStatus(TypedDict):
    id: str
    state: Literal['waiting', 'received', 'ready', 'failed', 'duplicate', 'aborted']
    itemId: str | None
    error: UploadError | None
    parts: list[StoredPart]


class UserDeletion(TypedDict):
    startedAt: str
    originals: bool
    items: int
    itemsLeft: int
    lastsUntil: str | None
    isStuck: bool


class UserEdit(TypedDict):
    role: NotRequired[Literal['administrator', 'member']]
    quotaBytes: NotRequired[int | None]
    disabled: NotRequired[bool]


class UserSummary(TypedDict):
    id: int
    name: str
    role: Literal['administrator', 'member']
    folder: str
    createdAt: str
    disabledAt: str | None
    lastSeenAt: str | None
    originalsBytes: int
    renditionsBytes: int
    items: int
    quotaBytes: int | None
    secondFactors: bool
    effectiveQuotaBytes: int | None
    deletion: UserDeletion | None


class Users(TypedDict):
    users: list[UserSummary]


class Video(TypedDict):
    codec: str | None
    audioCodec: str | None
    frameRate: float | None
    captureFrameRate: float | None
    bitRate: int | None


class WantedOriginals(TypedDict):
    ids: list[str]


class Words(TypedDict):
    begin: int
    end: int
    filter: str
    values: list[str]
