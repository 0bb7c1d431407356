"""The message that S3 sends to a queue when an object was created."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote_plus

from infra.local.cloudformation import ACCOUNT


@dataclass(frozen=True, slots=True)
class Created:
    """An object that the store acknowledged. `by`: `Put`, `Copy` or `CompleteMultipartUpload`."""

    by: str
    bucket: str
    key: str
    size_bytes: int
    etag: str
    version: str | None
    address: str


def message(created: Created, *, region: str) -> str:
    """The body of the message, as S3 writes it (event version 2.1)."""
    stored = {
        "key": quote_plus(created.key, safe="/"),
        "size": created.size_bytes,
        "eTag": created.etag,
        # Sequencers of one key compare as hexadecimal numbers; the later event has the greater one.
        "sequencer": f"{time.time_ns():018X}",
    }
    if created.version is not None:
        stored["versionId"] = created.version
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": f"ObjectCreated:{created.by}",
        "userIdentity": {"principalId": f"AWS:{ACCOUNT}"},
        "requestParameters": {"sourceIPAddress": created.address},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": created.bucket,
                "ownerIdentity": {"principalId": ACCOUNT},
                "arn": f"arn:aws:s3:::{created.bucket}",
            },
            "object": stored,
        },
    }
    return json.dumps({"Records": [record]})
