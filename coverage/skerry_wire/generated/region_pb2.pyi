from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class region(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    US915: _ClassVar[region]
    EU868: _ClassVar[region]
    EU433: _ClassVar[region]
    CN470: _ClassVar[region]
    CN779: _ClassVar[region]
    AU915: _ClassVar[region]
    AS923_1: _ClassVar[region]
    KR920: _ClassVar[region]
    IN865: _ClassVar[region]
    AS923_2: _ClassVar[region]
    AS923_3: _ClassVar[region]
    AS923_4: _ClassVar[region]
    AS923_1B: _ClassVar[region]
    CD900_1A: _ClassVar[region]
    RU864: _ClassVar[region]
    EU868_A: _ClassVar[region]
    EU868_B: _ClassVar[region]
    EU868_C: _ClassVar[region]
    EU868_D: _ClassVar[region]
    EU868_E: _ClassVar[region]
    EU868_F: _ClassVar[region]
    AU915_SB1: _ClassVar[region]
    AU915_SB2: _ClassVar[region]
    AS923_1A: _ClassVar[region]
    AS923_1C: _ClassVar[region]
    AS923_1D: _ClassVar[region]
    AS923_1E: _ClassVar[region]
    AS923_1F: _ClassVar[region]
    UNKNOWN: _ClassVar[region]

class RegionSpreading(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SF_INVALID: _ClassVar[RegionSpreading]
    SF7: _ClassVar[RegionSpreading]
    SF8: _ClassVar[RegionSpreading]
    SF9: _ClassVar[RegionSpreading]
    SF10: _ClassVar[RegionSpreading]
    SF11: _ClassVar[RegionSpreading]
    SF12: _ClassVar[RegionSpreading]
US915: region
EU868: region
EU433: region
CN470: region
CN779: region
AU915: region
AS923_1: region
KR920: region
IN865: region
AS923_2: region
AS923_3: region
AS923_4: region
AS923_1B: region
CD900_1A: region
RU864: region
EU868_A: region
EU868_B: region
EU868_C: region
EU868_D: region
EU868_E: region
EU868_F: region
AU915_SB1: region
AU915_SB2: region
AS923_1A: region
AS923_1C: region
AS923_1D: region
AS923_1E: region
AS923_1F: region
UNKNOWN: region
SF_INVALID: RegionSpreading
SF7: RegionSpreading
SF8: RegionSpreading
SF9: RegionSpreading
SF10: RegionSpreading
SF11: RegionSpreading
SF12: RegionSpreading

class tagged_spreading(_message.Message):
    __slots__ = ("region_spreading", "max_packet_size")
    REGION_SPREADING_FIELD_NUMBER: _ClassVar[int]
    MAX_PACKET_SIZE_FIELD_NUMBER: _ClassVar[int]
    region_spreading: RegionSpreading
    max_packet_size: int
    def __init__(self, region_spreading: _Optional[_Union[RegionSpreading, str]] = ..., max_packet_size: _Optional[int] = ...) -> None: ...

class blockchain_region_spreading_v1(_message.Message):
    __slots__ = ("tagged_spreading",)
    TAGGED_SPREADING_FIELD_NUMBER: _ClassVar[int]
    tagged_spreading: _containers.RepeatedCompositeFieldContainer[tagged_spreading]
    def __init__(self, tagged_spreading: _Optional[_Iterable[_Union[tagged_spreading, _Mapping]]] = ...) -> None: ...

class blockchain_region_param_v1(_message.Message):
    __slots__ = ("channel_frequency", "bandwidth", "max_eirp", "spreading")
    CHANNEL_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_FIELD_NUMBER: _ClassVar[int]
    MAX_EIRP_FIELD_NUMBER: _ClassVar[int]
    SPREADING_FIELD_NUMBER: _ClassVar[int]
    channel_frequency: int
    bandwidth: int
    max_eirp: int
    spreading: blockchain_region_spreading_v1
    def __init__(self, channel_frequency: _Optional[int] = ..., bandwidth: _Optional[int] = ..., max_eirp: _Optional[int] = ..., spreading: _Optional[_Union[blockchain_region_spreading_v1, _Mapping]] = ...) -> None: ...

class blockchain_region_params_v1(_message.Message):
    __slots__ = ("region_params",)
    REGION_PARAMS_FIELD_NUMBER: _ClassVar[int]
    region_params: _containers.RepeatedCompositeFieldContainer[blockchain_region_param_v1]
    def __init__(self, region_params: _Optional[_Iterable[_Union[blockchain_region_param_v1, _Mapping]]] = ...) -> None: ...
