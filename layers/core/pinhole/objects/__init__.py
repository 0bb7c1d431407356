"""The object store (S3): originals, renditions, and the signed URLs with which clients reach them."""

from pinhole.objects.client import Listed, SignedRequest
from pinhole.objects.multipart import (
    Part,
    abort_multipart,
    complete_multipart,
    has_multipart,
    list_parts,
    multiparts,
    open_multipart,
    presign_part,
)
from pinhole.objects.originals import (
    CHUNK_BYTES,
    ORIGINAL_URL_SECONDS,
    Download,
    StoredObject,
    attachment,
    delete,
    download,
    head,
    heads,
    list_folder,
    list_originals,
    presign_get,
    presign_put,
)
from pinhole.objects.renditions import delete_rendition, list_renditions, presign_rendition, put_rendition

__all__ = [
    "CHUNK_BYTES",
    "ORIGINAL_URL_SECONDS",
    "Download",
    "Listed",
    "Part",
    "SignedRequest",
    "StoredObject",
    "abort_multipart",
    "attachment",
    "complete_multipart",
    "delete",
    "delete_rendition",
    "download",
    "has_multipart",
    "head",
    "heads",
    "list_folder",
    "list_originals",
    "list_parts",
    "list_renditions",
    "multiparts",
    "open_multipart",
    "presign_get",
    "presign_part",
    "presign_put",
    "presign_rendition",
    "put_rendition",
]
