"""The ingest function on services of its own, called directly: no gateway, no poller, nobody who uploads."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from infra.bench.client import Photo
from infra.bench.rows import progress
from infra.local import data_directory, instance
from infra.local.function_pool import FunctionPool
from infra.local.supervisor import Supervisor
from infra.local.template import Template
from pinhole import keys, s3_events
from pinhole.ids import new_id
from pinhole.s3_events import ObjectCreated
from pinhole.tables import upload, user

CORES = os.cpu_count() or 1
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class IngestAlone:
    """As many environments of the function as the machine has cores."""

    template: Template
    cloud: instance.Cloud
    database_url: str
    owner_id: int
    pool: FunctionPool

    def land(self, photos: Sequence[Photo]) -> list[Event]:
        """Store the photos, as uploads do it. The events that tell the function of them."""
        with psycopg.connect(self.database_url) as conn:
            return [self._landed(conn, photo) for photo in photos]

    async def seconds(self, told: Sequence[Event]) -> float:
        """How long the function takes for all of these."""
        began = time.monotonic()
        answers = await asyncio.gather(*map(self.pool.invoke, told))
        assert all(answer == {"batchItemFailures": []} for answer in answers), answers
        return time.monotonic() - began

    def _landed(self, conn: psycopg.Connection, photo: Photo) -> Event:
        upload_id, content = new_id(), photo.content
        key = keys.upload_key("bench", upload_id, photo.filename)
        upload.insert(
            conn,
            upload_id=upload_id,
            owner_id=self.owner_id,
            object_key=key,
            filename=photo.filename,
            relative_path=None,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).digest(),
            content_type="image/jpeg",
            modified_at=None,
            part_size_bytes=None,
            expiry_days=7,
        )
        bucket = self.template.buckets["OriginalsBucket"].name
        stored = self.cloud.administrator.put_object(Bucket=bucket, Key=key, Body=content)
        created = ObjectCreated(key, len(content), stored["ETag"].strip('"'), stored.get("VersionId"), sequencer=None)
        record = {
            "messageId": upload_id,
            "receiptHandle": "-",
            "body": json.dumps(s3_events.message(created)),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(time.time_ns() // 1_000_000)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": self.template.queues["IngestQueue"].arn,
            "awsRegion": self.template.region,
        }
        return {"Records": [record]}


@asynccontextmanager
async def ingest_alone(directory: Path) -> AsyncIterator[IngestAlone]:
    """Database, store, queue and the function, all of them warm."""
    with data_directory.opened(directory) as data:
        made = data.prepare()
        async with Supervisor(progress) as services:
            template, cloud = await instance.provided(None, data, made, services)
            function = template.functions["IngestFunction"]
            environment = {**function.environment, **instance.environment_of(template, cloud, cloud.s3_endpoint)}
            # Of one that may add users and uploads: ingest's own role may not.
            database_url = template.functions["ApiFunction"].environment["PINHOLE_DATABASE_URL"]
            with psycopg.connect(database_url) as conn:
                owner = user.insert(conn, "bench", "-", "member", "bench")
            pool = FunctionPool(function, environment, size=CORES, kept=CORES)
            try:
                await pool.warm_up()
                yield IngestAlone(template, cloud, database_url, owner.id, pool)
            finally:
                await pool.close()
