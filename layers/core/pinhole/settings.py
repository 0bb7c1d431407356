"""Every setting, read once. The README's table is checked against this class."""

import os
import re
from functools import cache
from typing import Literal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, Json, PositiveInt, SecretStr, ValidationInfo, field_validator

MEBIBYTE = 1024 * 1024


class ScheduleSetting(BaseModel):
    """function: its name in Lambda. every: as EventBridge has it."""

    function: str
    every: str


class Settings(BaseModel):
    """Settings of a function, from `PINHOLE_*` variables that `template.yaml` sets.

    Endpoints, region and credentials of AWS are boto3's own variables (`AWS_ENDPOINT_URL_S3`, `AWS_REGION`, ...).
    """

    model_config = ConfigDict(
        alias_generator=lambda name: f"PINHOLE_{name.upper()}",
        frozen=True,
        hide_input_in_errors=True,  # it is the whole environment, with every secret
    )

    database_url: str = Field(description="PostgreSQL connection string")
    originals_bucket: str = Field(description="Bucket that holds the originals, one prefix per user")
    renditions_bucket: str = Field(description="Bucket that holds renditions, one prefix per item")
    object_store_url: str = Field(
        "", validation_alias="AWS_ENDPOINT_URL_S3", description="An object store other than AWS; empty: S3 of AWS"
    )
    public_object_store_url: str = Field(
        "", description="Where clients reach the object store; empty: where functions do"
    )
    ingest_queue_url: str = Field("", description="SQS queue of S3 events for ingest")
    ingest_bulk_queue_url: str = Field("", description="SQS queue of what came by another way than an upload")
    ml_queue_url: str = Field("", description="SQS queue of photos to analyse")
    ml_bulk_queue_url: str = Field("", description="SQS queue of photos to analyse once nothing new waits")
    video_short_queue_url: str = Field("", description="SQS queue of posters of videos and clips of photos")
    video_short_bulk_queue_url: str = Field("", description="SQS queue of the same once nothing new waits")
    video_queue_url: str = Field("", description="SQS queue of videos to transcode")
    video_bulk_queue_url: str = Field("", description="SQS queue of videos to transcode once nothing new waits")
    changes_queue_url: str = Field("", description="SQS queue of changes of more items than one call takes")
    deletions_queue_url: str = Field("", description="SQS queue of users who are being deleted")
    live_queue_url: str = Field("", description="SQS queue of live notices")
    mail_queue_url: str = Field("", description="SQS queue of mails to send")
    queues: Json[dict[str, str]] = Field(
        default_factory=dict,
        description="Every queue by the name that operators use, as JSON {name: URL, or name in SQS, or nothing}",
    )
    schedules: Json[dict[str, ScheduleSetting]] = Field(
        default_factory=dict, description="What runs by itself, as JSON {name: {function, every}}"
    )
    admin_function: str = Field("", description="Function that the API asks of queues, by its name in Lambda")
    live_connections_url: str = Field("", description="Base URL of the WebSocket API's @connections")

    token_secret: SecretStr = Field(SecretStr(""), description="Key that signs access tokens, 32 characters or more")
    media_keys: Json[dict[str, SecretStr]] = Field(
        default_factory=dict, description="Keys that sign media URLs, as JSON {key id: secret}"
    )
    media_key_id: str = Field("", description="The media key that new URLs are signed with")
    media_base_url: str = Field("", description="Host that serves /media; empty where it is the site itself")
    setup_token: SecretStr = Field(
        SecretStr(""), description="What the first administrator must know to register; empty: nothing"
    )

    web_origin: str = Field(
        "",
        description="Where the page is, for links and passkeys; empty: links begin with /, and there are no passkeys",
    )

    mail_from: str = Field(
        "",
        pattern=r"^([^@\s<>]+@[^@\s<>]+)?$",
        description="Address that mails come from; empty: none are sent. By SES, unless an SMTP server is named",
    )
    smtp_host: str = Field("", description="SMTP server that mails are sent by, in place of SES")
    smtp_port: PositiveInt = Field(587, description="Its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="How it is talked to: starttls, tls (from the first byte, often at port 465), or none",
    )
    smtp_user: str = Field("", description="Who logs in there; empty: nobody does")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password that goes with it")

    caption_key: SecretStr = Field(
        SecretStr(""), description="Key of the vision endpoint that a worker asks for captions"
    )

    search_model_set: str = Field(
        "embedded", description="Model set whose vectors queries are compared with: that of the worker"
    )
    search_models: str = Field(
        "", description="Where its files lie: a directory, or s3://bucket/prefix; empty: search compares words alone"
    )

    fallback_timezone: str = Field(
        "UTC", description="Zone that orders items whose UTC time is unknown, until the first administrator names one"
    )
    search_languages: tuple[Literal["english", "dutch", "german"], ...] = Field(
        ("english", "dutch", "german"),
        min_length=1,
        description="Languages whose inflections searches understand, with commas between: english,dutch,german",
    )
    max_file_bytes: PositiveInt = Field(10 * 1024 * MEBIBYTE, description="Largest file that may be uploaded")
    max_open_uploads: PositiveInt = Field(1000, description="Uploads of a user that may lack bytes at once")
    max_user_bytes: PositiveInt | None = Field(None, description="Bytes of originals per user; unset: no limit")
    max_pixels: PositiveInt = Field(256_000_000, description="Largest picture, in pixels, that is decoded")
    upload_expiry_days: PositiveInt = Field(7, description="Days for which an upload can be resumed")
    url_expiry_seconds: PositiveInt = Field(3600, description="Seconds for which an upload's URL is valid")
    max_attempts: PositiveInt = Field(5, description="Attempts at a stage before it fails for good")
    metrics: bool = Field(False, description="Whether functions print metrics, in CloudWatch's embedded format")
    stale_after_seconds: PositiveInt = Field(
        5400, description="Seconds after which requeue_stale sends a job again that no one has touched"
    )

    @field_validator("*", mode="after")
    @classmethod
    def _beside_ingests(cls, told: object, of: ValidationInfo) -> object:
        """A queue may be told by its name in SQS, which is shorter: it is beside that of ingest."""
        if told and isinstance(told, str) and of.field_name is not None and of.field_name.endswith("_queue_url"):
            return urljoin(of.data.get("ingest_queue_url", ""), told)
        return told

    @field_validator("queues")
    @classmethod
    def _urls(cls, queues: dict[str, str], known: ValidationInfo) -> dict[str, str]:
        """Those of queues that are told by their names in SQS are beside that of ingest. Nothing: a setting has it."""
        return {
            name: urljoin(known.data.get("ingest_queue_url", ""), told)
            if told
            else known.data.get(f"{name.replace('-', '_')}_queue_url", "")
            for name, told in queues.items()
        }

    @field_validator("search_languages", mode="before")
    @classmethod
    def _separated(cls, names: object) -> object:
        return [name.strip() for name in names.split(",")] if isinstance(names, str) else names

    @field_validator("web_origin")
    @classmethod
    def _origin(cls, origin: str) -> str:
        """As browsers tell it, which compare it letter by letter."""
        told = origin.rstrip("/").lower()
        if told and not re.fullmatch(r"https?://[^/\s?#@]+", told):
            raise ValueError("is no origin such as https://photos.example.org")
        return told.removesuffix(":443" if told.startswith("https:") else ":80")

    @field_validator("fallback_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
        return name


@cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic.ValidationError naming each setting that is missing or wrong."""
    return Settings.model_validate(dict(os.environ))
