from skerry_wire.generated import data_rate_pb2 as _data_rate_pb2
from skerry_wire.generated import region_pb2 as _region_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class packet_router_packet_up_v1(_message.Message):
    __slots__ = ("payload", "timestamp", "rssi", "frequency", "datarate", "snr", "region", "hold_time", "gateway", "signature")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    RSSI_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    DATARATE_FIELD_NUMBER: _ClassVar[int]
    SNR_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    HOLD_TIME_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    timestamp: int
    rssi: int
    frequency: int
    datarate: _data_rate_pb2.data_rate
    snr: float
    region: _region_pb2.region
    hold_time: int
    gateway: bytes
    signature: bytes
    def __init__(self, payload: _Optional[bytes] = ..., timestamp: _Optional[int] = ..., rssi: _Optional[int] = ..., frequency: _Optional[int] = ..., datarate: _Optional[_Union[_data_rate_pb2.data_rate, str]] = ..., snr: _Optional[float] = ..., region: _Optional[_Union[_region_pb2.region, str]] = ..., hold_time: _Optional[int] = ..., gateway: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class packet_router_register_v1(_message.Message):
    __slots__ = ("timestamp", "gateway", "signature", "session_capable", "packet_ack_interval")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SESSION_CAPABLE_FIELD_NUMBER: _ClassVar[int]
    PACKET_ACK_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    gateway: bytes
    signature: bytes
    session_capable: bool
    packet_ack_interval: int
    def __init__(self, timestamp: _Optional[int] = ..., gateway: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., session_capable: _Optional[bool] = ..., packet_ack_interval: _Optional[int] = ...) -> None: ...

class packet_router_session_offer_v1(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    def __init__(self, nonce: _Optional[bytes] = ...) -> None: ...

class packet_router_session_init_v1(_message.Message):
    __slots__ = ("gateway", "nonce", "session_key", "signature")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    gateway: bytes
    nonce: bytes
    session_key: bytes
    signature: bytes
    def __init__(self, gateway: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., session_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class envelope_up_v1(_message.Message):
    __slots__ = ("register", "packet", "session_init")
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    PACKET_FIELD_NUMBER: _ClassVar[int]
    SESSION_INIT_FIELD_NUMBER: _ClassVar[int]
    register: packet_router_register_v1
    packet: packet_router_packet_up_v1
    session_init: packet_router_session_init_v1
    def __init__(self, register: _Optional[_Union[packet_router_register_v1, _Mapping]] = ..., packet: _Optional[_Union[packet_router_packet_up_v1, _Mapping]] = ..., session_init: _Optional[_Union[packet_router_session_init_v1, _Mapping]] = ...) -> None: ...

class window_v1(_message.Message):
    __slots__ = ("timestamp", "frequency", "datarate", "immediate")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    DATARATE_FIELD_NUMBER: _ClassVar[int]
    IMMEDIATE_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    frequency: int
    datarate: _data_rate_pb2.data_rate
    immediate: bool
    def __init__(self, timestamp: _Optional[int] = ..., frequency: _Optional[int] = ..., datarate: _Optional[_Union[_data_rate_pb2.data_rate, str]] = ..., immediate: _Optional[bool] = ...) -> None: ...

class packet_router_packet_down_v1(_message.Message):
    __slots__ = ("payload", "rx1", "rx2")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    RX1_FIELD_NUMBER: _ClassVar[int]
    RX2_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    rx1: window_v1
    rx2: window_v1
    def __init__(self, payload: _Optional[bytes] = ..., rx1: _Optional[_Union[window_v1, _Mapping]] = ..., rx2: _Optional[_Union[window_v1, _Mapping]] = ...) -> None: ...

class packet_router_packet_ack_v1(_message.Message):
    __slots__ = ("payload_hash",)
    PAYLOAD_HASH_FIELD_NUMBER: _ClassVar[int]
    payload_hash: bytes
    def __init__(self, payload_hash: _Optional[bytes] = ...) -> None: ...

class envelope_down_v1(_message.Message):
    __slots__ = ("packet", "session_offer", "packet_ack")
    PACKET_FIELD_NUMBER: _ClassVar[int]
    SESSION_OFFER_FIELD_NUMBER: _ClassVar[int]
    PACKET_ACK_FIELD_NUMBER: _ClassVar[int]
    packet: packet_router_packet_down_v1
    session_offer: packet_router_session_offer_v1
    packet_ack: packet_router_packet_ack_v1
    def __init__(self, packet: _Optional[_Union[packet_router_packet_down_v1, _Mapping]] = ..., session_offer: _Optional[_Union[packet_router_session_offer_v1, _Mapping]] = ..., packet_ack: _Optional[_Union[packet_router_packet_ack_v1, _Mapping]] = ...) -> None: ...

class packet_router_packet_report_v1(_message.Message):
    __slots__ = ("gateway_tmst", "oui", "net_id", "rssi", "frequency", "snr", "datarate", "region", "gateway", "payload_hash", "payload_size", "free", "type", "received_timestamp")
    class packet_type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        join: _ClassVar[packet_router_packet_report_v1.packet_type]
        uplink: _ClassVar[packet_router_packet_report_v1.packet_type]
    join: packet_router_packet_report_v1.packet_type
    uplink: packet_router_packet_report_v1.packet_type
    GATEWAY_TMST_FIELD_NUMBER: _ClassVar[int]
    OUI_FIELD_NUMBER: _ClassVar[int]
    NET_ID_FIELD_NUMBER: _ClassVar[int]
    RSSI_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    SNR_FIELD_NUMBER: _ClassVar[int]
    DATARATE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_HASH_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_SIZE_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    gateway_tmst: int
    oui: int
    net_id: int
    rssi: int
    frequency: int
    snr: float
    datarate: _data_rate_pb2.data_rate
    region: _region_pb2.region
    gateway: bytes
    payload_hash: bytes
    payload_size: int
    free: bool
    type: packet_router_packet_report_v1.packet_type
    received_timestamp: int
    def __init__(self, gateway_tmst: _Optional[int] = ..., oui: _Optional[int] = ..., net_id: _Optional[int] = ..., rssi: _Optional[int] = ..., frequency: _Optional[int] = ..., snr: _Optional[float] = ..., datarate: _Optional[_Union[_data_rate_pb2.data_rate, str]] = ..., region: _Optional[_Union[_region_pb2.region, str]] = ..., gateway: _Optional[bytes] = ..., payload_hash: _Optional[bytes] = ..., payload_size: _Optional[int] = ..., free: _Optional[bool] = ..., type: _Optional[_Union[packet_router_packet_report_v1.packet_type, str]] = ..., received_timestamp: _Optional[int] = ...) -> None: ...
