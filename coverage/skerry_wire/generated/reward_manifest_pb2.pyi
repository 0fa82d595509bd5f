from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Decimal(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class iot_reward_data(_message.Message):
    __slots__ = ("poc_bones_per_beacon_reward_share", "poc_bones_per_witness_reward_share", "dc_bones_per_share", "token")
    class token_v1(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        iot: _ClassVar[iot_reward_data.token_v1]
        hnt: _ClassVar[iot_reward_data.token_v1]
    iot: iot_reward_data.token_v1
    hnt: iot_reward_data.token_v1
    POC_BONES_PER_BEACON_REWARD_SHARE_FIELD_NUMBER: _ClassVar[int]
    POC_BONES_PER_WITNESS_REWARD_SHARE_FIELD_NUMBER: _ClassVar[int]
    DC_BONES_PER_SHARE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    poc_bones_per_beacon_reward_share: Decimal
    poc_bones_per_witness_reward_share: Decimal
    dc_bones_per_share: Decimal
    token: iot_reward_data.token_v1
    def __init__(self, poc_bones_per_beacon_reward_share: _Optional[_Union[Decimal, _Mapping]] = ..., poc_bones_per_witness_reward_share: _Optional[_Union[Decimal, _Mapping]] = ..., dc_bones_per_share: _Optional[_Union[Decimal, _Mapping]] = ..., token: _Optional[_Union[iot_reward_data.token_v1, str]] = ...) -> None: ...

class mobile_reward_data(_message.Message):
    __slots__ = ("poc_bones_per_reward_share", "boosted_poc_bones_per_reward_share")
    POC_BONES_PER_REWARD_SHARE_FIELD_NUMBER: _ClassVar[int]
    BOOSTED_POC_BONES_PER_REWARD_SHARE_FIELD_NUMBER: _ClassVar[int]
    poc_bones_per_reward_share: Decimal
    boosted_poc_bones_per_reward_share: Decimal
    def __init__(self, poc_bones_per_reward_share: _Optional[_Union[Decimal, _Mapping]] = ..., boosted_poc_bones_per_reward_share: _Optional[_Union[Decimal, _Mapping]] = ...) -> None: ...

class reward_manifest(_message.Message):
    __slots__ = ("written_files", "start_timestamp", "end_timestamp", "mobile_reward_data", "iot_reward_data", "epoch", "price")
    WRITTEN_FILES_FIELD_NUMBER: _ClassVar[int]
    START_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    END_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    MOBILE_REWARD_DATA_FIELD_NUMBER: _ClassVar[int]
    IOT_REWARD_DATA_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    written_files: _containers.RepeatedScalarFieldContainer[str]
    start_timestamp: int
    end_timestamp: int
    mobile_reward_data: mobile_reward_data
    iot_reward_data: iot_reward_data
    epoch: int
    price: int
    def __init__(self, written_files: _Optional[_Iterable[str]] = ..., start_timestamp: _Optional[int] = ..., end_timestamp: _Optional[int] = ..., mobile_reward_data: _Optional[_Union[mobile_reward_data, _Mapping]] = ..., iot_reward_data: _Optional[_Union[iot_reward_data, _Mapping]] = ..., epoch: _Optional[int] = ..., price: _Optional[int] = ...) -> None: ...
