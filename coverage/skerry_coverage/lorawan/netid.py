"""NetIDs, device addresses and their text forms (iot-poc 5.4)."""

from dataclasses import dataclass

from skerry_coverage.lorawan.errors import LorawanRefused

__all__ = ["FIELD_DIGITS", "NetId", "field_text", "parse_field"]

FIELD_DIGITS = {"net_id": 6, "dev_addr": 8, "eui": 16}
_NWK_ID_BITS = (6, 6, 9, 11, 12, 13, 15, 17)
_NWK_ADDR_BITS = (25, 24, 20, 17, 15, 13, 10, 7)
_ID_BITS = 21
_WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class NetId:
    """A 24-bit network id and the addresses that belong to it."""

    value: int

    @classmethod
    def of_dev_addr(cls, dev_addr: int) -> "NetId":
        """Return the network of a device address. Raises `LorawanRefused` invalid_dev_addr for eight leading ones."""
        kind = _leading_ones(dev_addr)
        if kind > 7:
            raise LorawanRefused("invalid_dev_addr", f"{dev_addr:08X}")
        nwk_id = dev_addr >> _NWK_ADDR_BITS[kind] & _mask(_NWK_ID_BITS[kind])
        return cls(kind << _ID_BITS | nwk_id)

    @property
    def type(self) -> int:
        """The address class, 0 to 7."""
        return self.value >> _ID_BITS & 7

    @property
    def nwk_id(self) -> int:
        """The 21-bit id."""
        return self.value & _mask(_ID_BITS)

    @property
    def size(self) -> int:
        """How many addresses belong to the network."""
        return 1 << _NWK_ADDR_BITS[self.type]

    @property
    def first_dev_addr(self) -> int:
        """The lowest address."""
        kind = self.type
        prefix = _mask(kind) << 32 - kind  # as many ones as the type says, then a zero
        return prefix | (self.nwk_id & _mask(_NWK_ID_BITS[kind])) << _NWK_ADDR_BITS[kind]

    @property
    def last_dev_addr(self) -> int:
        """The highest address."""
        return self.first_dev_addr + self.size - 1

    def dev_addr(self, index: int) -> int:
        """Return the address at an index. Raises `LorawanRefused` out_of_range."""
        if not 0 <= index < self.size:
            raise LorawanRefused("out_of_range", f"{index} of {self.size}")
        return self.first_dev_addr + index


def field_text(field: str, value: int) -> str:
    """Return upper-case hexadecimal text of a `net_id`, `dev_addr` or `eui`, zero padded."""
    return f"{value:0{FIELD_DIGITS[field]}X}"


def parse_field(field: str, text: str) -> int:
    """Read the text of a `net_id`, `dev_addr` or `eui`; `*` is 0. Raises `LorawanRefused` bad_length, bad_digit."""
    if text == _WILDCARD:
        return 0
    if len(text) != FIELD_DIGITS[field]:
        raise LorawanRefused("bad_length", f"{field} has {FIELD_DIGITS[field]} digits, got {len(text)}")
    if not set(text) <= set("0123456789abcdefABCDEF"):
        raise LorawanRefused("bad_digit", f"{text!r}")
    return int(text, 16)


def _leading_ones(value: int) -> int:
    for position in range(32):
        if not value & 1 << 31 - position:
            return position
    return 32


def _mask(bits: int) -> int:
    return (1 << bits) - 1
