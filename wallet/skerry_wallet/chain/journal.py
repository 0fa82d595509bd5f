"""The append-only file of everything that landed on the embedded chain; `Bank` writes it, opening replays its tail.

Layout: 8 bytes of magic, then records of length (u32), CRC-32 (u32) and payload. A record cut off by a crash at the
end of the file was never acknowledged and is dropped; a damaged record in the middle is an error.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from skerry_wallet.errors import ChainDamaged

__all__ = ["Journal"]

MAGIC = b"SKCHAIN1"
_HEADER = struct.Struct("<II")
_fdatasync = getattr(os, "fdatasync", os.fsync)  # macOS has only the slower one
MAX_RECORD = 1 << 16  # a transaction has at most 1,232 bytes, its result a few kilobytes


class Journal:
    """One journal file, opened for appending. Not safe for two processes: `Bank` holds the lock."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115 - closed by close()
        self._path = path
        self._waiting: list[bytes] = []
        self.size = os.fstat(self._file.fileno()).st_size
        if self.size < len(MAGIC):
            self._file.truncate(0)
            self._file.write(MAGIC)
            os.fsync(self._file.fileno())
            self.size = len(MAGIC)
        elif self._read(0, len(MAGIC)) != MAGIC:
            self._file.close()
            raise ChainDamaged(f"{path.name} is no journal")

    def append(self, payload: bytes) -> int:
        """Queue a record for the next `flush`; return its offset."""
        offset = self.size
        self._waiting.append(_HEADER.pack(len(payload), zlib.crc32(payload)) + payload)
        self.size += _HEADER.size + len(payload)
        return offset

    @property
    def dirty(self) -> bool:
        """Whether records wait for `flush`."""
        return bool(self._waiting)

    def flush(self) -> None:
        """Hand the waiting records to the operating system; they can be read, but a power cut may lose them."""
        if self._waiting:
            chunk, self._waiting = b"".join(self._waiting), []
            written = 0
            while written < len(chunk):  # an unbuffered write may be short when the disk is nearly full
                written += self._file.write(chunk[written:]) or 0

    def sync(self) -> None:
        """Make everything that was flushed durable; may run on another thread than `append`."""
        _fdatasync(self._file.fileno())

    def payload(self, offset: int) -> bytes:
        """Return the record at an offset that `append` or `records` gave."""
        self.flush()
        length, crc = _HEADER.unpack(self._read(offset, _HEADER.size))
        payload = self._read(offset + _HEADER.size, length)
        if zlib.crc32(payload) != crc:
            raise ChainDamaged(f"the record at {offset} fails its checksum")
        return payload

    def records(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield offset and payload from `start` on; cut a torn tail off. Raises `ChainDamaged`."""
        offset = max(start, len(MAGIC))
        if offset > self.size:
            raise ChainDamaged(f"the snapshot stands at {offset}, the journal ends at {self.size}")
        while offset < self.size:
            record = self._record(offset)
            if record is None:
                self._cut(offset)
                return
            yield offset, record
            offset += _HEADER.size + len(record)

    def find_last(self, needle: bytes, before: int) -> int:
        """Return the position of the last occurrence that ends before a position, -1 when there is none."""
        self.flush()
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.rfind(needle, 0, before)

    def close(self) -> None:
        """Make everything durable and free the file."""
        if not self._file.closed:
            self.flush()
            self.sync()
            self._file.close()

    def _record(self, offset: int) -> bytes | None:
        header = self._read(offset, _HEADER.size)
        if len(header) < _HEADER.size:
            return None
        length, crc = _HEADER.unpack(header)
        if not 0 < length <= MAX_RECORD:
            return None
        payload = self._read(offset + _HEADER.size, length)
        return payload if len(payload) == length and zlib.crc32(payload) == crc else None

    def _cut(self, offset: int) -> None:
        """Drop a torn tail, keeping the bytes beside the journal; refuse when whole records follow the bad one."""
        header = self._read(offset, _HEADER.size)
        if len(header) == _HEADER.size:
            following = offset + _HEADER.size + _HEADER.unpack(header)[0]
            if following < self.size and self._record(following) is not None:
                raise ChainDamaged(f"the record at {offset} fails its checksum and others follow it")
        tail = self._read(offset, self.size - offset)
        self._path.with_name(f"{self._path.name}.torn-{offset}").write_bytes(tail)
        self._file.truncate(offset)
        os.fsync(self._file.fileno())
        self.size = offset

    def _read(self, offset: int, count: int) -> bytes:
        return os.pread(self._file.fileno(), count, offset)
