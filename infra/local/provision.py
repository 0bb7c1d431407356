"""Creates the buckets and queues of the template. Doing it again changes what differs and nothing else."""

from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from infra.local.template import Bucket, Template

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import EventType
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType


def create_queues(template: Template, sqs: "SQSClient") -> None:
    """Create every queue, then set attributes: a redrive policy names a queue that must be there."""
    for queue in template.queues.values():
        sqs.create_queue(QueueName=queue.name)
    for queue in template.queues.values():
        if queue.attributes:
            attributes = cast("dict[QueueAttributeNameType, str]", queue.attributes)
            sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=attributes)


def create_buckets(template: Template, s3: "S3Client", *, notifications: bool) -> None:
    """Create every bucket. `notifications`: whether the store itself sends events and is told where to."""
    for bucket in template.buckets.values():
        _create(bucket, s3)
        if bucket.versioned:
            s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
        if bucket.cors_rules:
            rules = cast("list[CORSRuleTypeDef]", bucket.cors_rules)
            s3.put_bucket_cors(Bucket=bucket.name, CORSConfiguration={"CORSRules": rules})
        if notifications and bucket.notifications:
            s3.put_bucket_notification_configuration(
                Bucket=bucket.name,
                NotificationConfiguration={
                    "QueueConfigurations": [
                        {
                            "Id": f"{entry.queue}-{number}",
                            "QueueArn": template.queues[entry.queue].arn,
                            "Events": [cast("EventType", entry.event)],
                        }
                        for number, entry in enumerate(bucket.notifications)
                    ]
                },
            )


def _create(bucket: Bucket, s3: "S3Client") -> None:
    try:
        s3.create_bucket(Bucket=bucket.name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
