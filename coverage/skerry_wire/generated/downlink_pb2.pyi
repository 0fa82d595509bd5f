from skerry_wire.generated import region_pb2 as _region_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class http_roaming_register_v1(_message.Message):
    __slots__ = ("region", "timestamp", "signature")
    REGION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    timestamp: int
    signature: bytes
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ...) -> None: ...

class http_roaming_downlink_v1(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...
