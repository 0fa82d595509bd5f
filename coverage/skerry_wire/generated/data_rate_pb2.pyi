from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class data_rate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SF12BW125: _ClassVar[data_rate]
    SF11BW125: _ClassVar[data_rate]
    SF10BW125: _ClassVar[data_rate]
    SF9BW125: _ClassVar[data_rate]
    SF8BW125: _ClassVar[data_rate]
    SF7BW125: _ClassVar[data_rate]
    SF12BW250: _ClassVar[data_rate]
    SF11BW250: _ClassVar[data_rate]
    SF10BW250: _ClassVar[data_rate]
    SF9BW250: _ClassVar[data_rate]
    SF8BW250: _ClassVar[data_rate]
    SF7BW250: _ClassVar[data_rate]
    SF12BW500: _ClassVar[data_rate]
    SF11BW500: _ClassVar[data_rate]
    SF10BW500: _ClassVar[data_rate]
    SF9BW500: _ClassVar[data_rate]
    SF8BW500: _ClassVar[data_rate]
    SF7BW500: _ClassVar[data_rate]
    LRFHSS1BW137: _ClassVar[data_rate]
    LRFHSS2BW137: _ClassVar[data_rate]
    LRFHSS1BW336: _ClassVar[data_rate]
    LRFHSS2BW336: _ClassVar[data_rate]
    LRFHSS1BW1523: _ClassVar[data_rate]
    LRFHSS2BW1523: _ClassVar[data_rate]
    FSK50: _ClassVar[data_rate]
SF12BW125: data_rate
SF11BW125: data_rate
SF10BW125: data_rate
SF9BW125: data_rate
SF8BW125: data_rate
SF7BW125: data_rate
SF12BW250: data_rate
SF11BW250: data_rate
SF10BW250: data_rate
SF9BW250: data_rate
SF8BW250: data_rate
SF7BW250: data_rate
SF12BW500: data_rate
SF11BW500: data_rate
SF10BW500: data_rate
SF9BW500: data_rate
SF8BW500: data_rate
SF7BW500: data_rate
LRFHSS1BW137: data_rate
LRFHSS2BW137: data_rate
LRFHSS1BW336: data_rate
LRFHSS2BW336: data_rate
LRFHSS1BW1523: data_rate
LRFHSS2BW1523: data_rate
FSK50: data_rate
