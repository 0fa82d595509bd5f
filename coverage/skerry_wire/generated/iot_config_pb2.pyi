from skerry_wire.generated import region_pb2 as _region_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class action_v1(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    add: _ClassVar[action_v1]
    remove: _ClassVar[action_v1]

class helium_net_id(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    type0_0x00003c: _ClassVar[helium_net_id]
    type3_0x60002d: _ClassVar[helium_net_id]
    type6_0xc00053: _ClassVar[helium_net_id]
add: action_v1
remove: action_v1
type0_0x00003c: helium_net_id
type3_0x60002d: helium_net_id
type6_0xc00053: helium_net_id

class gateway_region_params_req_v1(_message.Message):
    __slots__ = ("region", "address", "signature")
    REGION_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    address: bytes
    signature: bytes
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., address: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class gateway_region_params_res_v1(_message.Message):
    __slots__ = ("region", "params", "gain", "signature", "timestamp", "signer")
    REGION_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    params: _region_pb2.blockchain_region_params_v1
    gain: int
    signature: bytes
    timestamp: int
    signer: bytes
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., params: _Optional[_Union[_region_pb2.blockchain_region_params_v1, _Mapping]] = ..., gain: _Optional[int] = ..., signature: _Optional[bytes] = ..., timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_location_req_v1(_message.Message):
    __slots__ = ("gateway", "signature", "signer")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    gateway: bytes
    signature: bytes
    signer: bytes
    def __init__(self, gateway: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_location_res_v1(_message.Message):
    __slots__ = ("location", "timestamp", "signer", "signature")
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    location: str
    timestamp: int
    signer: bytes
    signature: bytes
    def __init__(self, location: _Optional[str] = ..., timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class gateway_metadata(_message.Message):
    __slots__ = ("location", "region", "gain", "elevation")
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_FIELD_NUMBER: _ClassVar[int]
    location: str
    region: _region_pb2.region
    gain: int
    elevation: int
    def __init__(self, location: _Optional[str] = ..., region: _Optional[_Union[_region_pb2.region, str]] = ..., gain: _Optional[int] = ..., elevation: _Optional[int] = ...) -> None: ...

class gateway_info(_message.Message):
    __slots__ = ("address", "is_full_hotspot", "metadata")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    IS_FULL_HOTSPOT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    is_full_hotspot: bool
    metadata: gateway_metadata
    def __init__(self, address: _Optional[bytes] = ..., is_full_hotspot: _Optional[bool] = ..., metadata: _Optional[_Union[gateway_metadata, _Mapping]] = ...) -> None: ...

class gateway_info_req_v1(_message.Message):
    __slots__ = ("address", "signature", "signer")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    signature: bytes
    signer: bytes
    def __init__(self, address: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_info_res_v1(_message.Message):
    __slots__ = ("timestamp", "info", "signature", "signer")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    info: gateway_info
    signature: bytes
    signer: bytes
    def __init__(self, timestamp: _Optional[int] = ..., info: _Optional[_Union[gateway_info, _Mapping]] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_info_stream_req_v1(_message.Message):
    __slots__ = ("batch_size", "signature", "signer")
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    batch_size: int
    signature: bytes
    signer: bytes
    def __init__(self, batch_size: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_info_stream_req_v2(_message.Message):
    __slots__ = ("batch_size", "min_updated_at", "min_location_changed_at", "signature", "signer")
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    MIN_UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    MIN_LOCATION_CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    batch_size: int
    min_updated_at: int
    min_location_changed_at: int
    signature: bytes
    signer: bytes
    def __init__(self, batch_size: _Optional[int] = ..., min_updated_at: _Optional[int] = ..., min_location_changed_at: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class gateway_info_stream_res_v1(_message.Message):
    __slots__ = ("timestamp", "gateways", "signature", "signer")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    GATEWAYS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    gateways: _containers.RepeatedCompositeFieldContainer[gateway_info]
    signature: bytes
    signer: bytes
    def __init__(self, timestamp: _Optional[int] = ..., gateways: _Optional[_Iterable[_Union[gateway_info, _Mapping]]] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class region_params_req_v1(_message.Message):
    __slots__ = ("region", "signature", "signer")
    REGION_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    signature: bytes
    signer: bytes
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class region_params_res_v1(_message.Message):
    __slots__ = ("region", "params", "signature", "signer", "timestamp")
    REGION_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    params: _region_pb2.blockchain_region_params_v1
    signature: bytes
    signer: bytes
    timestamp: int
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., params: _Optional[_Union[_region_pb2.blockchain_region_params_v1, _Mapping]] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ..., timestamp: _Optional[int] = ...) -> None: ...

class admin_load_region_req_v1(_message.Message):
    __slots__ = ("region", "params", "hex_indexes", "signature", "signer")
    REGION_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    HEX_INDEXES_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    params: _region_pb2.blockchain_region_params_v1
    hex_indexes: bytes
    signature: bytes
    signer: bytes
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., params: _Optional[_Union[_region_pb2.blockchain_region_params_v1, _Mapping]] = ..., hex_indexes: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class admin_add_key_req_v1(_message.Message):
    __slots__ = ("pubkey", "key_type", "signature", "signer")
    class key_type_v1(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        administrator: _ClassVar[admin_add_key_req_v1.key_type_v1]
        packet_router: _ClassVar[admin_add_key_req_v1.key_type_v1]
        oracle: _ClassVar[admin_add_key_req_v1.key_type_v1]
    administrator: admin_add_key_req_v1.key_type_v1
    packet_router: admin_add_key_req_v1.key_type_v1
    oracle: admin_add_key_req_v1.key_type_v1
    PUBKEY_FIELD_NUMBER: _ClassVar[int]
    KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    pubkey: bytes
    key_type: admin_add_key_req_v1.key_type_v1
    signature: bytes
    signer: bytes
    def __init__(self, pubkey: _Optional[bytes] = ..., key_type: _Optional[_Union[admin_add_key_req_v1.key_type_v1, str]] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class admin_remove_key_req_v1(_message.Message):
    __slots__ = ("pubkey", "signature", "signer")
    PUBKEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    pubkey: bytes
    signature: bytes
    signer: bytes
    def __init__(self, pubkey: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class admin_key_res_v1(_message.Message):
    __slots__ = ("timestamp", "signer", "signature")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    signer: bytes
    signature: bytes
    def __init__(self, timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class org_v1(_message.Message):
    __slots__ = ("oui", "owner", "payer", "delegate_keys", "locked")
    OUI_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    DELEGATE_KEYS_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    oui: int
    owner: bytes
    payer: bytes
    delegate_keys: _containers.RepeatedScalarFieldContainer[bytes]
    locked: bool
    def __init__(self, oui: _Optional[int] = ..., owner: _Optional[bytes] = ..., payer: _Optional[bytes] = ..., delegate_keys: _Optional[_Iterable[bytes]] = ..., locked: _Optional[bool] = ...) -> None: ...

class protocol_packet_router_v1(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class protocol_gwmp_mapping_v1(_message.Message):
    __slots__ = ("region", "port")
    REGION_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    region: _region_pb2.region
    port: int
    def __init__(self, region: _Optional[_Union[_region_pb2.region, str]] = ..., port: _Optional[int] = ...) -> None: ...

class protocol_gwmp_v1(_message.Message):
    __slots__ = ("mapping",)
    MAPPING_FIELD_NUMBER: _ClassVar[int]
    mapping: _containers.RepeatedCompositeFieldContainer[protocol_gwmp_mapping_v1]
    def __init__(self, mapping: _Optional[_Iterable[_Union[protocol_gwmp_mapping_v1, _Mapping]]] = ...) -> None: ...

class protocol_http_roaming_v1(_message.Message):
    __slots__ = ("flow_type", "dedupe_timeout", "path", "auth_header", "receiver_nsid")
    class flow_type_v1(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        sync: _ClassVar[protocol_http_roaming_v1.flow_type_v1]
    sync: protocol_http_roaming_v1.flow_type_v1
    FLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    DEDUPE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    AUTH_HEADER_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_NSID_FIELD_NUMBER: _ClassVar[int]
    flow_type: protocol_http_roaming_v1.flow_type_v1
    dedupe_timeout: int
    path: str
    auth_header: str
    receiver_nsid: str
    def __init__(self, flow_type: _Optional[_Union[protocol_http_roaming_v1.flow_type_v1, str]] = ..., dedupe_timeout: _Optional[int] = ..., path: _Optional[str] = ..., auth_header: _Optional[str] = ..., receiver_nsid: _Optional[str] = ...) -> None: ...

class server_v1(_message.Message):
    __slots__ = ("host", "port", "packet_router", "gwmp", "http_roaming")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    PACKET_ROUTER_FIELD_NUMBER: _ClassVar[int]
    GWMP_FIELD_NUMBER: _ClassVar[int]
    HTTP_ROAMING_FIELD_NUMBER: _ClassVar[int]
    host: str
    port: int
    packet_router: protocol_packet_router_v1
    gwmp: protocol_gwmp_v1
    http_roaming: protocol_http_roaming_v1
    def __init__(self, host: _Optional[str] = ..., port: _Optional[int] = ..., packet_router: _Optional[_Union[protocol_packet_router_v1, _Mapping]] = ..., gwmp: _Optional[_Union[protocol_gwmp_v1, _Mapping]] = ..., http_roaming: _Optional[_Union[protocol_http_roaming_v1, _Mapping]] = ...) -> None: ...

class route_v1(_message.Message):
    __slots__ = ("id", "net_id", "oui", "server", "max_copies", "active", "locked", "ignore_empty_skf")
    ID_FIELD_NUMBER: _ClassVar[int]
    NET_ID_FIELD_NUMBER: _ClassVar[int]
    OUI_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    MAX_COPIES_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    IGNORE_EMPTY_SKF_FIELD_NUMBER: _ClassVar[int]
    id: str
    net_id: int
    oui: int
    server: server_v1
    max_copies: int
    active: bool
    locked: bool
    ignore_empty_skf: bool
    def __init__(self, id: _Optional[str] = ..., net_id: _Optional[int] = ..., oui: _Optional[int] = ..., server: _Optional[_Union[server_v1, _Mapping]] = ..., max_copies: _Optional[int] = ..., active: _Optional[bool] = ..., locked: _Optional[bool] = ..., ignore_empty_skf: _Optional[bool] = ...) -> None: ...

class devaddr_range_v1(_message.Message):
    __slots__ = ("route_id", "start_addr", "end_addr")
    ROUTE_ID_FIELD_NUMBER: _ClassVar[int]
    START_ADDR_FIELD_NUMBER: _ClassVar[int]
    END_ADDR_FIELD_NUMBER: _ClassVar[int]
    route_id: str
    start_addr: int
    end_addr: int
    def __init__(self, route_id: _Optional[str] = ..., start_addr: _Optional[int] = ..., end_addr: _Optional[int] = ...) -> None: ...

class devaddr_constraint_v1(_message.Message):
    __slots__ = ("start_addr", "end_addr")
    START_ADDR_FIELD_NUMBER: _ClassVar[int]
    END_ADDR_FIELD_NUMBER: _ClassVar[int]
    start_addr: int
    end_addr: int
    def __init__(self, start_addr: _Optional[int] = ..., end_addr: _Optional[int] = ...) -> None: ...

class eui_pair_v1(_message.Message):
    __slots__ = ("route_id", "app_eui", "dev_eui")
    ROUTE_ID_FIELD_NUMBER: _ClassVar[int]
    APP_EUI_FIELD_NUMBER: _ClassVar[int]
    DEV_EUI_FIELD_NUMBER: _ClassVar[int]
    route_id: str
    app_eui: int
    dev_eui: int
    def __init__(self, route_id: _Optional[str] = ..., app_eui: _Optional[int] = ..., dev_eui: _Optional[int] = ...) -> None: ...

class skf_v1(_message.Message):
    __slots__ = ("route_id", "devaddr", "session_key", "max_copies")
    ROUTE_ID_FIELD_NUMBER: _ClassVar[int]
    DEVADDR_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    MAX_COPIES_FIELD_NUMBER: _ClassVar[int]
    route_id: str
    devaddr: int
    session_key: str
    max_copies: int
    def __init__(self, route_id: _Optional[str] = ..., devaddr: _Optional[int] = ..., session_key: _Optional[str] = ..., max_copies: _Optional[int] = ...) -> None: ...

class route_skf_update_req_v1(_message.Message):
    __slots__ = ("route_id", "updates", "timestamp", "signature", "signer")
    class route_skf_update_v1(_message.Message):
        __slots__ = ("devaddr", "session_key", "action", "max_copies")
        DEVADDR_FIELD_NUMBER: _ClassVar[int]
        SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
        ACTION_FIELD_NUMBER: _ClassVar[int]
        MAX_COPIES_FIELD_NUMBER: _ClassVar[int]
        devaddr: int
        session_key: str
        action: action_v1
        max_copies: int
        def __init__(self, devaddr: _Optional[int] = ..., session_key: _Optional[str] = ..., action: _Optional[_Union[action_v1, str]] = ..., max_copies: _Optional[int] = ...) -> None: ...
    ROUTE_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    route_id: str
    updates: _containers.RepeatedCompositeFieldContainer[route_skf_update_req_v1.route_skf_update_v1]
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, route_id: _Optional[str] = ..., updates: _Optional[_Iterable[_Union[route_skf_update_req_v1.route_skf_update_v1, _Mapping]]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_stream_req_v1(_message.Message):
    __slots__ = ("timestamp", "signature", "signer", "since")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    signature: bytes
    signer: bytes
    since: int
    def __init__(self, timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ..., since: _Optional[int] = ...) -> None: ...

class route_stream_res_v1(_message.Message):
    __slots__ = ("timestamp", "signer", "signature", "action", "route", "eui_pair", "devaddr_range", "skf")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    EUI_PAIR_FIELD_NUMBER: _ClassVar[int]
    DEVADDR_RANGE_FIELD_NUMBER: _ClassVar[int]
    SKF_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    signer: bytes
    signature: bytes
    action: action_v1
    route: route_v1
    eui_pair: eui_pair_v1
    devaddr_range: devaddr_range_v1
    skf: skf_v1
    def __init__(self, timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., action: _Optional[_Union[action_v1, str]] = ..., route: _Optional[_Union[route_v1, _Mapping]] = ..., eui_pair: _Optional[_Union[eui_pair_v1, _Mapping]] = ..., devaddr_range: _Optional[_Union[devaddr_range_v1, _Mapping]] = ..., skf: _Optional[_Union[skf_v1, _Mapping]] = ...) -> None: ...

class org_create_helium_req_v1(_message.Message):
    __slots__ = ("owner", "payer", "devaddrs", "timestamp", "signature", "delegate_keys", "signer", "net_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    DEVADDRS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    DELEGATE_KEYS_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    NET_ID_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    payer: bytes
    devaddrs: int
    timestamp: int
    signature: bytes
    delegate_keys: _containers.RepeatedScalarFieldContainer[bytes]
    signer: bytes
    net_id: helium_net_id
    def __init__(self, owner: _Optional[bytes] = ..., payer: _Optional[bytes] = ..., devaddrs: _Optional[int] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., delegate_keys: _Optional[_Iterable[bytes]] = ..., signer: _Optional[bytes] = ..., net_id: _Optional[_Union[helium_net_id, str]] = ...) -> None: ...

class org_res_v1(_message.Message):
    __slots__ = ("org", "net_id", "devaddr_constraints", "timestamp", "signer", "signature")
    ORG_FIELD_NUMBER: _ClassVar[int]
    NET_ID_FIELD_NUMBER: _ClassVar[int]
    DEVADDR_CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    org: org_v1
    net_id: int
    devaddr_constraints: _containers.RepeatedCompositeFieldContainer[devaddr_constraint_v1]
    timestamp: int
    signer: bytes
    signature: bytes
    def __init__(self, org: _Optional[_Union[org_v1, _Mapping]] = ..., net_id: _Optional[int] = ..., devaddr_constraints: _Optional[_Iterable[_Union[devaddr_constraint_v1, _Mapping]]] = ..., timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class org_list_req_v1(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class org_list_res_v1(_message.Message):
    __slots__ = ("orgs", "timestamp", "signer", "signature")
    ORGS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    orgs: _containers.RepeatedCompositeFieldContainer[org_v1]
    timestamp: int
    signer: bytes
    signature: bytes
    def __init__(self, orgs: _Optional[_Iterable[_Union[org_v1, _Mapping]]] = ..., timestamp: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class org_get_req_v1(_message.Message):
    __slots__ = ("oui",)
    OUI_FIELD_NUMBER: _ClassVar[int]
    oui: int
    def __init__(self, oui: _Optional[int] = ...) -> None: ...

class route_list_req_v1(_message.Message):
    __slots__ = ("oui", "timestamp", "signature", "signer")
    OUI_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    oui: int
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, oui: _Optional[int] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_get_req_v1(_message.Message):
    __slots__ = ("id", "timestamp", "signature", "signer")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    id: str
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, id: _Optional[str] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_delete_req_v1(_message.Message):
    __slots__ = ("id", "timestamp", "signature", "signer")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    id: str
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, id: _Optional[str] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_create_req_v1(_message.Message):
    __slots__ = ("oui", "route", "timestamp", "signature", "signer")
    OUI_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    oui: int
    route: route_v1
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, oui: _Optional[int] = ..., route: _Optional[_Union[route_v1, _Mapping]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_update_req_v1(_message.Message):
    __slots__ = ("route", "timestamp", "signature", "signer")
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    route: route_v1
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, route: _Optional[_Union[route_v1, _Mapping]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_update_euis_req_v1(_message.Message):
    __slots__ = ("action", "eui_pair", "timestamp", "signature", "signer")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    EUI_PAIR_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    action: action_v1
    eui_pair: eui_pair_v1
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, action: _Optional[_Union[action_v1, str]] = ..., eui_pair: _Optional[_Union[eui_pair_v1, _Mapping]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...

class route_update_devaddr_ranges_req_v1(_message.Message):
    __slots__ = ("action", "devaddr_range", "timestamp", "signature", "signer")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DEVADDR_RANGE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    action: action_v1
    devaddr_range: devaddr_range_v1
    timestamp: int
    signature: bytes
    signer: bytes
    def __init__(self, action: _Optional[_Union[action_v1, str]] = ..., devaddr_range: _Optional[_Union[devaddr_range_v1, _Mapping]] = ..., timestamp: _Optional[int] = ..., signature: _Optional[bytes] = ..., signer: _Optional[bytes] = ...) -> None: ...
