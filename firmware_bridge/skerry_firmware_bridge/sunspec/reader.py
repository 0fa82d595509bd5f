"""Reads SunSpec devices over Modbus: which registers to ask for, in which order; `sunspec.device` is its user."""

from typing import Protocol

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.modbus.frames import split_requests
from skerry_firmware_bridge.sunspec.blocks import Model, decode_model
from skerry_firmware_bridge.sunspec.definitions import definition
from skerry_firmware_bridge.sunspec.scan import MARKER_WORDS, Found, ModelAt, Registers, scan

__all__ = ["RegisterBus", "SunSpecReader"]

HEAD = 2  # registers of a model's id and length
CALM_ATTEMPTS = 3
QUESTIONS_LIMIT = 512  # a device has a dozen models and is asked two questions for each; a longer chain never ends


NO_SUNSPEC = (
    "It answers, but not as a SunSpec device: switch SunSpec (Modbus) on in its settings, or see whether it has "
    "another unit number."
)
CHANGED = "Its registers have changed, as by a firmware update or another device in its place: they are found anew."


class RegisterBus(Protocol):
    """Reads holding registers. `refusal`: the exception with which the device refused a request last."""

    refusal: str | None

    async def read(self, address: int, count: int) -> Registers | None:
        """Return the registers, None when the device answers with an exception. Raises `DeviceTimeout`, `LinkLost`."""

    async def watch(self) -> None:
        """Wait until the connection is lost. Raises `LinkLost`, never returns."""


class SunSpecReader:
    """Finds the models of one device once, then reads whole blocks."""

    def __init__(self, bus: RegisterBus) -> None:
        self.bus = bus
        self.found: Found | None = None

    async def scan(self) -> Found:
        """Walk the device's model chain. Raises `FrameRejected` not_found, endless; `DeviceTimeout`, `LinkLost`."""
        questions = scan()
        answer: Registers | None = None
        try:
            address, count = next(questions)
            for _ in range(QUESTIONS_LIMIT):
                answer = await self.bus.read(address, count)
                address, count = questions.send(answer)
        except StopIteration as end:
            self.found = end.value
        except FrameRejected as error:
            said = f" (the device says {self.bus.refusal})" if self.bus.refusal else ""
            raise FrameRejected(error.reason, detail=error.detail + said).advising(NO_SUNSPEC) from None
        if self.found is None:
            raise FrameRejected("endless", detail="the chain of SunSpec models has no end")
        return self.found

    async def look(self) -> None:
        """See by its marker whether the device is there. Raises `FrameRejected` moved; `DeviceTimeout`, `LinkLost`."""
        found = self.found or await self.scan()
        marker = await self.bus.read(found.base, len(MARKER_WORDS))
        if marker is None or list(marker) != MARKER_WORDS:
            raise _moved(f"the SunSpec marker is no longer at register {found.base}")

    async def models(self, *, only: frozenset[int] | None = None) -> list[Model]:
        """Read and decode the device's models (all, or those of the given ids); a refused block has no points.

        Raises `FrameRejected` moved when the device's map has changed since the scan, torn when scale factors change
        too often for a block of several requests.
        """
        found = self.found or await self.scan()
        wanted = [model for model in found.models if only is None or model.id in only]
        blocks = [(model, await self._block(model)) for model in wanted]
        return [
            Model(id=model.id, length=model.length, points={}) if block is None else decode_model(model.id, block)
            for model, block in blocks
        ]

    async def _block(self, model: ModelAt) -> bytes | None:
        """Return a model's data, None when the device refuses it; its id and length are read again with it."""
        requests = split_requests(write=False, address=model.address, count=HEAD + model.length)
        for _ in range(CALM_ATTEMPTS):
            parts = [await self.bus.read(address, count) for address, count in requests]
            if any(part is None for part in parts):
                return None
            words = [word for part in parts for word in part or ()]
            if words[:HEAD] != [model.id, model.length]:
                raise _moved(f"model {model.id} is no longer at register {model.address}")
            if len(requests) == 1 or await self._is_calm(model, words):
                return b"".join(word.to_bytes(2, "big") for word in words[HEAD:])
        raise FrameRejected("torn", detail=f"the scale factors of model {model.id} change while it is read")

    async def _is_calm(self, model: ModelAt, words: list[int]) -> bool:
        """Tell whether the scale factors at the front are those of the values that came with a later request."""
        layout = definition(model.id)
        offsets = layout.scale_offsets if layout is not None and layout.groups else []
        if not offsets:
            return True
        again = await self.bus.read(model.address, HEAD + offsets[-1] + 1)
        return again is not None and all(again[HEAD + at] == words[HEAD + at] for at in offsets)


def _moved(detail: str) -> FrameRejected:
    return FrameRejected("moved", detail=detail).advising(CHANGED)
