from skerry_wire.generated import data_rate_pb2 as _data_rate_pb2
from skerry_wire.generated import packet_verifier_pb2 as _packet_verifier_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class verification_status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    valid: _ClassVar[verification_status]
    invalid: _ClassVar[verification_status]

class invalid_participant_side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    side_none: _ClassVar[invalid_participant_side]
    beaconer: _ClassVar[invalid_participant_side]
    witness: _ClassVar[invalid_participant_side]

class invalid_reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    reason_none: _ClassVar[invalid_reason]
    bad_signature: _ClassVar[invalid_reason]
    not_asserted: _ClassVar[invalid_reason]
    entropy_expired: _ClassVar[invalid_reason]
    bad_entropy: _ClassVar[invalid_reason]
    invalid_capability: _ClassVar[invalid_reason]
    invalid_pubkey: _ClassVar[invalid_reason]
    irregular_interval: _ClassVar[invalid_reason]
    gateway_not_found: _ClassVar[invalid_reason]
    denied: _ClassVar[invalid_reason]
    invalid_packet: _ClassVar[invalid_reason]
    bad_rssi: _ClassVar[invalid_reason]
    invalid_region: _ClassVar[invalid_reason]
    max_distance_exceeded: _ClassVar[invalid_reason]
    invalid_frequency: _ClassVar[invalid_reason]
    self_witness: _ClassVar[invalid_reason]
    stale: _ClassVar[invalid_reason]
    scaling_factor_not_found: _ClassVar[invalid_reason]
    unknown_error: _ClassVar[invalid_reason]
    below_min_distance: _ClassVar[invalid_reason]
    duplicate: _ClassVar[invalid_reason]
    denied_edge: _ClassVar[invalid_reason]
    too_late: _ClassVar[invalid_reason]
    gateway_no_valid_beacons: _ClassVar[invalid_reason]
    gateway_no_valid_witnesses: _ClassVar[invalid_reason]

class unallocated_reward_type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    poc: _ClassVar[unallocated_reward_type]
    operation: _ClassVar[unallocated_reward_type]
    oracle: _ClassVar[unallocated_reward_type]
    data: _ClassVar[unallocated_reward_type]

class non_rewardable_packet_reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    gateway_not_found_for_packet: _ClassVar[non_rewardable_packet_reason]
valid: verification_status
invalid: verification_status
side_none: invalid_participant_side
beaconer: invalid_participant_side
witness: invalid_participant_side
reason_none: invalid_reason
bad_signature: invalid_reason
not_asserted: invalid_reason
entropy_expired: invalid_reason
bad_entropy: invalid_reason
invalid_capability: invalid_reason
invalid_pubkey: invalid_reason
irregular_interval: invalid_reason
gateway_not_found: invalid_reason
denied: invalid_reason
invalid_packet: invalid_reason
bad_rssi: invalid_reason
invalid_region: invalid_reason
max_distance_exceeded: invalid_reason
invalid_frequency: invalid_reason
self_witness: invalid_reason
stale: invalid_reason
scaling_factor_not_found: invalid_reason
unknown_error: invalid_reason
below_min_distance: invalid_reason
duplicate: invalid_reason
denied_edge: invalid_reason
too_late: invalid_reason
gateway_no_valid_beacons: invalid_reason
gateway_no_valid_witnesses: invalid_reason
poc: unallocated_reward_type
operation: unallocated_reward_type
oracle: unallocated_reward_type
data: unallocated_reward_type
gateway_not_found_for_packet: non_rewardable_packet_reason

class lora_beacon_report_req_v1(_message.Message):
    __slots__ = ("pub_key", "local_entropy", "remote_entropy", "data", "frequency", "channel", "datarate", "tx_power", "timestamp", "signature", "tmst")
    PUB_KEY_FIELD_NUMBER: _ClassVar[int]
    LOCAL_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    DATARATE_FIELD_NUMBER: _ClassVar[int]
    TX_POWER_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    TMST_FIELD_NUMBER: _ClassVar[int]
    pub_key: bytes
    local_entropy: bytes
    remote_entropy: bytes
    data: bytes
    frequency: int
    channel: int
    datarate: _data_rate_pb2.data_rate
    tx_power: int
    timestamp: int
    signature: bytes
    tmst: int
    def __init__(self, pub_key: _Optional[bytes] = ..., local_entropy: _Optional[bytes] = ..., remote_entropy: _Optional[bytes] = ..., data: _Optional[bytes] = ..., frequency: _Optional[int] = ..., channel: _Optional[int] = ..., datarate: _Optional[_Union[_data_rate_pb2.data_rate, str]] = ..., tx_power: _Optional[int] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., tmst: _Optional[int] = ...) -> None: ...

class lora_beacon_report_resp_v1(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class lora_witness_report_req_v1(_message.Message):
    __slots__ = ("pub_key", "data", "timestamp", "tmst", "signal", "snr", "frequency", "datarate", "signature")
    PUB_KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TMST_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    SNR_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    DATARATE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    pub_key: bytes
    data: bytes
    timestamp: int
    tmst: int
    signal: int
    snr: int
    frequency: int
    datarate: _data_rate_pb2.data_rate
    signature: bytes
    def __init__(self, pub_key: _Optional[bytes] = ..., data: _Optional[bytes] = ..., timestamp: _Optional[int] = ..., tmst: _Optional[int] = ..., signal: _Optional[int] = ..., snr: _Optional[int] = ..., frequency: _Optional[int] = ..., datarate: _Optional[_Union[_data_rate_pb2.data_rate, str]] = ..., signature: _Optional[bytes] = ...) -> None: ...

class lora_witness_report_resp_v1(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class lora_beacon_ingest_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "report")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    report: lora_beacon_report_req_v1
    def __init__(self, received_timestamp: _Optional[int] = ..., report: _Optional[_Union[lora_beacon_report_req_v1, _Mapping]] = ...) -> None: ...

class lora_witness_ingest_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "report")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    report: lora_witness_report_req_v1
    def __init__(self, received_timestamp: _Optional[int] = ..., report: _Optional[_Union[lora_witness_report_req_v1, _Mapping]] = ...) -> None: ...

class lora_valid_beacon_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "location", "hex_scale", "report", "reward_unit", "gain", "elevation")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HEX_SCALE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    REWARD_UNIT_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    location: str
    hex_scale: int
    report: lora_beacon_report_req_v1
    reward_unit: int
    gain: int
    elevation: int
    def __init__(self, received_timestamp: _Optional[int] = ..., location: _Optional[str] = ..., hex_scale: _Optional[int] = ..., report: _Optional[_Union[lora_beacon_report_req_v1, _Mapping]] = ..., reward_unit: _Optional[int] = ..., gain: _Optional[int] = ..., elevation: _Optional[int] = ...) -> None: ...

class lora_valid_witness_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "location", "hex_scale", "report", "reward_unit")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HEX_SCALE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    REWARD_UNIT_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    location: str
    hex_scale: int
    report: lora_witness_report_req_v1
    reward_unit: int
    def __init__(self, received_timestamp: _Optional[int] = ..., location: _Optional[str] = ..., hex_scale: _Optional[int] = ..., report: _Optional[_Union[lora_witness_report_req_v1, _Mapping]] = ..., reward_unit: _Optional[int] = ...) -> None: ...

class invalid_details(_message.Message):
    __slots__ = ("denylist_tag",)
    DENYLIST_TAG_FIELD_NUMBER: _ClassVar[int]
    denylist_tag: str
    def __init__(self, denylist_tag: _Optional[str] = ...) -> None: ...

class lora_invalid_beacon_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "reason", "report", "location", "gain", "elevation", "invalid_details")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_FIELD_NUMBER: _ClassVar[int]
    INVALID_DETAILS_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    reason: invalid_reason
    report: lora_beacon_report_req_v1
    location: str
    gain: int
    elevation: int
    invalid_details: invalid_details
    def __init__(self, received_timestamp: _Optional[int] = ..., reason: _Optional[_Union[invalid_reason, str]] = ..., report: _Optional[_Union[lora_beacon_report_req_v1, _Mapping]] = ..., location: _Optional[str] = ..., gain: _Optional[int] = ..., elevation: _Optional[int] = ..., invalid_details: _Optional[_Union[invalid_details, _Mapping]] = ...) -> None: ...

class lora_invalid_witness_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "reason", "report", "participant_side", "invalid_details")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_SIDE_FIELD_NUMBER: _ClassVar[int]
    INVALID_DETAILS_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    reason: invalid_reason
    report: lora_witness_report_req_v1
    participant_side: invalid_participant_side
    invalid_details: invalid_details
    def __init__(self, received_timestamp: _Optional[int] = ..., reason: _Optional[_Union[invalid_reason, str]] = ..., report: _Optional[_Union[lora_witness_report_req_v1, _Mapping]] = ..., participant_side: _Optional[_Union[invalid_participant_side, str]] = ..., invalid_details: _Optional[_Union[invalid_details, _Mapping]] = ...) -> None: ...

class lora_verified_witness_report_v1(_message.Message):
    __slots__ = ("received_timestamp", "status", "report", "location", "hex_scale", "reward_unit", "invalid_reason", "participant_side", "gain", "elevation", "invalid_details")
    RECEIVED_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HEX_SCALE_FIELD_NUMBER: _ClassVar[int]
    REWARD_UNIT_FIELD_NUMBER: _ClassVar[int]
    INVALID_REASON_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_SIDE_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_FIELD_NUMBER: _ClassVar[int]
    INVALID_DETAILS_FIELD_NUMBER: _ClassVar[int]
    received_timestamp: int
    status: verification_status
    report: lora_witness_report_req_v1
    location: str
    hex_scale: int
    reward_unit: int
    invalid_reason: invalid_reason
    participant_side: invalid_participant_side
    gain: int
    elevation: int
    invalid_details: invalid_details
    def __init__(self, received_timestamp: _Optional[int] = ..., status: _Optional[_Union[verification_status, str]] = ..., report: _Optional[_Union[lora_witness_report_req_v1, _Mapping]] = ..., location: _Optional[str] = ..., hex_scale: _Optional[int] = ..., reward_unit: _Optional[int] = ..., invalid_reason: _Optional[_Union[invalid_reason, str]] = ..., participant_side: _Optional[_Union[invalid_participant_side, str]] = ..., gain: _Optional[int] = ..., elevation: _Optional[int] = ..., invalid_details: _Optional[_Union[invalid_details, _Mapping]] = ...) -> None: ...

class lora_poc_v1(_message.Message):
    __slots__ = ("poc_id", "beacon_report", "selected_witnesses", "unselected_witnesses")
    POC_ID_FIELD_NUMBER: _ClassVar[int]
    BEACON_REPORT_FIELD_NUMBER: _ClassVar[int]
    SELECTED_WITNESSES_FIELD_NUMBER: _ClassVar[int]
    UNSELECTED_WITNESSES_FIELD_NUMBER: _ClassVar[int]
    poc_id: bytes
    beacon_report: lora_valid_beacon_report_v1
    selected_witnesses: _containers.RepeatedCompositeFieldContainer[lora_verified_witness_report_v1]
    unselected_witnesses: _containers.RepeatedCompositeFieldContainer[lora_verified_witness_report_v1]
    def __init__(self, poc_id: _Optional[bytes] = ..., beacon_report: _Optional[_Union[lora_valid_beacon_report_v1, _Mapping]] = ..., selected_witnesses: _Optional[_Iterable[_Union[lora_verified_witness_report_v1, _Mapping]]] = ..., unselected_witnesses: _Optional[_Iterable[_Union[lora_verified_witness_report_v1, _Mapping]]] = ...) -> None: ...

class gateway_reward(_message.Message):
    __slots__ = ("hotspot_key", "beacon_amount", "witness_amount", "dc_transfer_amount")
    HOTSPOT_KEY_FIELD_NUMBER: _ClassVar[int]
    BEACON_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    WITNESS_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DC_TRANSFER_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    hotspot_key: bytes
    beacon_amount: int
    witness_amount: int
    dc_transfer_amount: int
    def __init__(self, hotspot_key: _Optional[bytes] = ..., beacon_amount: _Optional[int] = ..., witness_amount: _Optional[int] = ..., dc_transfer_amount: _Optional[int] = ...) -> None: ...

class operational_reward(_message.Message):
    __slots__ = ("amount",)
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    amount: int
    def __init__(self, amount: _Optional[int] = ...) -> None: ...

class unallocated_reward(_message.Message):
    __slots__ = ("reward_type", "amount")
    REWARD_TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    reward_type: unallocated_reward_type
    amount: int
    def __init__(self, reward_type: _Optional[_Union[unallocated_reward_type, str]] = ..., amount: _Optional[int] = ...) -> None: ...

class iot_reward_share(_message.Message):
    __slots__ = ("start_period", "end_period", "gateway_reward", "operational_reward", "unallocated_reward")
    START_PERIOD_FIELD_NUMBER: _ClassVar[int]
    END_PERIOD_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_REWARD_FIELD_NUMBER: _ClassVar[int]
    OPERATIONAL_REWARD_FIELD_NUMBER: _ClassVar[int]
    UNALLOCATED_REWARD_FIELD_NUMBER: _ClassVar[int]
    start_period: int
    end_period: int
    gateway_reward: gateway_reward
    operational_reward: operational_reward
    unallocated_reward: unallocated_reward
    def __init__(self, start_period: _Optional[int] = ..., end_period: _Optional[int] = ..., gateway_reward: _Optional[_Union[gateway_reward, _Mapping]] = ..., operational_reward: _Optional[_Union[operational_reward, _Mapping]] = ..., unallocated_reward: _Optional[_Union[unallocated_reward, _Mapping]] = ...) -> None: ...

class non_rewardable_packet(_message.Message):
    __slots__ = ("packet", "reason", "timestamp")
    PACKET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    packet: _packet_verifier_pb2.valid_packet
    reason: non_rewardable_packet_reason
    timestamp: int
    def __init__(self, packet: _Optional[_Union[_packet_verifier_pb2.valid_packet, _Mapping]] = ..., reason: _Optional[_Union[non_rewardable_packet_reason, str]] = ..., timestamp: _Optional[int] = ...) -> None: ...

class lora_stream_session_offer_v1(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    def __init__(self, nonce: _Optional[bytes] = ...) -> None: ...

class lora_stream_session_init_v1(_message.Message):
    __slots__ = ("pub_key", "nonce", "session_key", "signature")
    PUB_KEY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    pub_key: bytes
    nonce: bytes
    session_key: bytes
    signature: bytes
    def __init__(self, pub_key: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., session_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class lora_stream_request_v1(_message.Message):
    __slots__ = ("beacon_report", "witness_report", "session_init")
    BEACON_REPORT_FIELD_NUMBER: _ClassVar[int]
    WITNESS_REPORT_FIELD_NUMBER: _ClassVar[int]
    SESSION_INIT_FIELD_NUMBER: _ClassVar[int]
    beacon_report: lora_beacon_report_req_v1
    witness_report: lora_witness_report_req_v1
    session_init: lora_stream_session_init_v1
    def __init__(self, beacon_report: _Optional[_Union[lora_beacon_report_req_v1, _Mapping]] = ..., witness_report: _Optional[_Union[lora_witness_report_req_v1, _Mapping]] = ..., session_init: _Optional[_Union[lora_stream_session_init_v1, _Mapping]] = ...) -> None: ...

class lora_stream_response_v1(_message.Message):
    __slots__ = ("offer",)
    OFFER_FIELD_NUMBER: _ClassVar[int]
    offer: lora_stream_session_offer_v1
    def __init__(self, offer: _Optional[_Union[lora_stream_session_offer_v1, _Mapping]] = ...) -> None: ...
