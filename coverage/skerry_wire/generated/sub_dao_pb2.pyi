from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class sub_dao_epoch_reward_info_req_v1(_message.Message):
    __slots__ = ("sub_dao_address", "epoch", "signer", "signature")
    SUB_DAO_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    sub_dao_address: str
    epoch: int
    signer: bytes
    signature: bytes
    def __init__(self, sub_dao_address: _Optional[str] = ..., epoch: _Optional[int] = ..., signer: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class sub_dao_epoch_reward_info(_message.Message):
    __slots__ = ("epoch", "epoch_address", "sub_dao_address", "hnt_rewards_issued", "delegation_rewards_issued", "rewards_issued_at")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    EPOCH_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SUB_DAO_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    HNT_REWARDS_ISSUED_FIELD_NUMBER: _ClassVar[int]
    DELEGATION_REWARDS_ISSUED_FIELD_NUMBER: _ClassVar[int]
    REWARDS_ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    epoch_address: str
    sub_dao_address: str
    hnt_rewards_issued: int
    delegation_rewards_issued: int
    rewards_issued_at: int
    def __init__(self, epoch: _Optional[int] = ..., epoch_address: _Optional[str] = ..., sub_dao_address: _Optional[str] = ..., hnt_rewards_issued: _Optional[int] = ..., delegation_rewards_issued: _Optional[int] = ..., rewards_issued_at: _Optional[int] = ...) -> None: ...
