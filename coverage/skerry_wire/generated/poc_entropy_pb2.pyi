from skerry_wire.generated import entropy_pb2 as _entropy_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class entropy_req_v1(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
