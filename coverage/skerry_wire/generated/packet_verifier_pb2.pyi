from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class invalid_packet_reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    insufficient_balance: _ClassVar[invalid_packet_reason]
insufficient_balance: invalid_packet_reason

class valid_packet(_message.Message):
    __slots__ = ("payload_size", "gateway", "payload_hash", "num_dcs", "packet_timestamp")
    PAYLOAD_SIZE_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_HASH_FIELD_NUMBER: _ClassVar[int]
    NUM_DCS_FIELD_NUMBER: _ClassVar[int]
    PACKET_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    payload_size: int
    gateway: bytes
    payload_hash: bytes
    num_dcs: int
    packet_timestamp: int
    def __init__(self, payload_size: _Optional[int] = ..., gateway: _Optional[bytes] = ..., payload_hash: _Optional[bytes] = ..., num_dcs: _Optional[int] = ..., packet_timestamp: _Optional[int] = ...) -> None: ...

class invalid_packet(_message.Message):
    __slots__ = ("payload_size", "gateway", "payload_hash", "reason")
    PAYLOAD_SIZE_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_HASH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    payload_size: int
    gateway: bytes
    payload_hash: bytes
    reason: invalid_packet_reason
    def __init__(self, payload_size: _Optional[int] = ..., gateway: _Optional[bytes] = ..., payload_hash: _Optional[bytes] = ..., reason: _Optional[_Union[invalid_packet_reason, str]] = ...) -> None: ...
