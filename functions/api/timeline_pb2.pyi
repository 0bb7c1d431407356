from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    photo: _ClassVar[Kind]
    video: _ClassVar[Kind]
photo: Kind
video: Kind

class Timeline(_message.Message):
    __slots__ = ("revision", "months", "as_of")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    revision: int
    months: _containers.RepeatedCompositeFieldContainer[TimelineMonth]
    as_of: str
    def __init__(self, revision: _Optional[int] = ..., months: _Optional[_Iterable[_Union[TimelineMonth, _Mapping]]] = ..., as_of: _Optional[str] = ...) -> None: ...

class TimelineMonth(_message.Message):
    __slots__ = ("month", "count", "revision", "ratios")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RATIOS_FIELD_NUMBER: _ClassVar[int]
    month: str
    count: int
    revision: int
    ratios: bytes
    def __init__(self, month: _Optional[str] = ..., count: _Optional[int] = ..., revision: _Optional[int] = ..., ratios: _Optional[bytes] = ...) -> None: ...

class Month(_message.Message):
    __slots__ = ("month", "revision", "ids", "ratios", "kinds", "durations_ms", "taken_at_local", "thumb_hashes", "item_keys", "versions", "signatures", "key_id", "thumb_expires", "next_cursor", "media_base_url", "flags", "places", "place_numbers")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    RATIOS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_MS_FIELD_NUMBER: _ClassVar[int]
    TAKEN_AT_LOCAL_FIELD_NUMBER: _ClassVar[int]
    THUMB_HASHES_FIELD_NUMBER: _ClassVar[int]
    ITEM_KEYS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    THUMB_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    MEDIA_BASE_URL_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    PLACE_NUMBERS_FIELD_NUMBER: _ClassVar[int]
    month: str
    revision: int
    ids: _containers.RepeatedScalarFieldContainer[str]
    ratios: bytes
    kinds: _containers.RepeatedScalarFieldContainer[Kind]
    durations_ms: _containers.RepeatedScalarFieldContainer[int]
    taken_at_local: _containers.RepeatedScalarFieldContainer[str]
    thumb_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    item_keys: _containers.RepeatedScalarFieldContainer[str]
    versions: _containers.RepeatedScalarFieldContainer[int]
    signatures: _containers.RepeatedScalarFieldContainer[str]
    key_id: str
    thumb_expires: int
    next_cursor: str
    media_base_url: str
    flags: _containers.RepeatedScalarFieldContainer[int]
    places: _containers.RepeatedScalarFieldContainer[str]
    place_numbers: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, month: _Optional[str] = ..., revision: _Optional[int] = ..., ids: _Optional[_Iterable[str]] = ..., ratios: _Optional[bytes] = ..., kinds: _Optional[_Iterable[_Union[Kind, str]]] = ..., durations_ms: _Optional[_Iterable[int]] = ..., taken_at_local: _Optional[_Iterable[str]] = ..., thumb_hashes: _Optional[_Iterable[bytes]] = ..., item_keys: _Optional[_Iterable[str]] = ..., versions: _Optional[_Iterable[int]] = ..., signatures: _Optional[_Iterable[str]] = ..., key_id: _Optional[str] = ..., thumb_expires: _Optional[int] = ..., next_cursor: _Optional[str] = ..., media_base_url: _Optional[str] = ..., flags: _Optional[_Iterable[int]] = ..., places: _Optional[_Iterable[str]] = ..., place_numbers: _Optional[_Iterable[int]] = ...) -> None: ...
