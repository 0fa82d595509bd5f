"""The type language of `data/programs.idl` and its parser.

Grammar: `u8 … u128`, `i8`, `i32`, `i64`, `bool`, `pubkey`, `string`, `bytes`, `Option<T>`, `Vec<T>`, `[T;n]`,
`{name T, …}`, `enum 0 name {…}, 1 name, …` and names of other types.
"""

import re
from dataclasses import dataclass

__all__ = [
    "ArrayOf",
    "EnumOf",
    "Field",
    "Named",
    "OptionOf",
    "Primitive",
    "Schema",
    "StructOf",
    "Variant",
    "VecOf",
    "parse_fields",
    "parse_type",
]

_TOKEN = re.compile(r"\s*([A-Za-z_]\w*|\d+|[{}\[\]<>(),;])")
_PRIMITIVES = frozenset(["u8", "u16", "u32", "u64", "u128", "i8", "i32", "i64", "bool", "pubkey", "string", "bytes"])


@dataclass(frozen=True, slots=True)
class Primitive:
    """A scalar, a pubkey, text or bytes."""

    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A reference to a type of the registry."""

    name: str


@dataclass(frozen=True, slots=True)
class OptionOf:
    """One byte 0 or 1, then the value if 1."""

    item: "Schema"


@dataclass(frozen=True, slots=True)
class VecOf:
    """u32 count, then the items."""

    item: "Schema"


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """A fixed number of items without a count."""

    item: "Schema"
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct or argument of an instruction."""

    name: str
    schema: "Schema"


@dataclass(frozen=True, slots=True)
class StructOf:
    """Fields in order."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One case of an enum; `content` None when it carries nothing."""

    name: str
    content: "Schema | None"


@dataclass(frozen=True, slots=True)
class EnumOf:
    """One index byte, then the content of that variant."""

    variants: tuple[Variant, ...]


Schema = Primitive | Named | OptionOf | VecOf | ArrayOf | StructOf | EnumOf


def parse_type(text: str) -> Schema:
    """Parse one type. Raises `ValueError` on anything left over: the data file is ours, so that is our bug."""
    parser = _Parser(text)
    schema = parser.schema()
    parser.expect_end()
    return schema


def parse_fields(text: str) -> tuple[Field, ...]:
    """Parse `name T, name T, …` (an instruction's arguments); empty text gives no fields."""
    parser = _Parser(text)
    fields = parser.fields(end=None)
    parser.expect_end()
    return fields


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def schema(self) -> Schema:
        word = self._take()
        match word:
            case "{":
                return StructOf(self.fields(end="}"))
            case "[":
                item = self.schema()
                self._expect(";")
                size = int(self._take())
                self._expect("]")
                return ArrayOf(item, size)
            case "Option" | "Vec":
                self._expect("<")
                item = self.schema()
                self._expect(">")
                return OptionOf(item) if word == "Option" else VecOf(item)
            case "enum":
                return EnumOf(self._variants())
        return Primitive(word) if word in _PRIMITIVES else Named(word)

    def fields(self, *, end: str | None) -> tuple[Field, ...]:
        fields = []
        while self._peek() != end:
            fields.append(Field(self._take(), self.schema()))
            if self._peek() != ",":
                break
            self._take()
        if end is not None:
            self._expect(end)
        return tuple(fields)

    def expect_end(self) -> None:
        if self._peek() is not None:
            raise ValueError(f"unexpected {self._peek()!r}")

    def _variants(self) -> tuple[Variant, ...]:
        variants: list[Variant] = []
        while True:
            self._expect(str(len(variants)))  # the printed index must be the position
            name = self._take()
            content = self.schema() if self._peek() not in {",", None} else None
            variants.append(Variant(name, content))
            if self._peek() is None:
                return tuple(variants)
            self._expect(",")

    def _peek(self) -> str | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> str:
        token = self._peek()
        if token is None:
            raise ValueError("the type ends too early")
        self._next += 1
        return token

    def _expect(self, wanted: str) -> None:
        token = self._take()
        if token != wanted:
            raise ValueError(f"expected {wanted!r}, got {token!r}")


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text[position:]!r}")
        tokens.append(match[1])
        position = match.end()
    return tokens
