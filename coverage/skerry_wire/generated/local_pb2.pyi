from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class gateway_staking_mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    dataonly: _ClassVar[gateway_staking_mode]
    full: _ClassVar[gateway_staking_mode]
    light: _ClassVar[gateway_staking_mode]
dataonly: gateway_staking_mode
full: gateway_staking_mode
light: gateway_staking_mode

class pubkey_req(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class pubkey_res(_message.Message):
    __slots__ = ("address", "onboarding_address")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ONBOARDING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: bytes
    onboarding_address: bytes
    def __init__(self, address: _Optional[bytes] = ..., onboarding_address: _Optional[bytes] = ...) -> None: ...

class region_req(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class region_res(_message.Message):
    __slots__ = ("region",)
    REGION_FIELD_NUMBER: _ClassVar[int]
    region: int
    def __init__(self, region: _Optional[int] = ...) -> None: ...

class router_req(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class router_res(_message.Message):
    __slots__ = ("uri", "connected", "session_key")
    URI_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    uri: str
    connected: bool
    session_key: bytes
    def __init__(self, uri: _Optional[str] = ..., connected: _Optional[bool] = ..., session_key: _Optional[bytes] = ...) -> None: ...

class add_gateway_req(_message.Message):
    __slots__ = ("owner", "payer", "staking_mode")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    STAKING_MODE_FIELD_NUMBER: _ClassVar[int]
    owner: bytes
    payer: bytes
    staking_mode: gateway_staking_mode
    def __init__(self, owner: _Optional[bytes] = ..., payer: _Optional[bytes] = ..., staking_mode: _Optional[_Union[gateway_staking_mode, str]] = ...) -> None: ...

class add_gateway_res(_message.Message):
    __slots__ = ("add_gateway_txn",)
    ADD_GATEWAY_TXN_FIELD_NUMBER: _ClassVar[int]
    add_gateway_txn: bytes
    def __init__(self, add_gateway_txn: _Optional[bytes] = ...) -> None: ...
