"""Coverage-guided fuzzing of one decoder family with atheris, in a process of its own; used by a test and by hand.

    python -m skerry_testing.coverage_fuzz FAMILY SECONDS

libFuzzer ends the process itself: status 0 when nothing but the decoders' own error was raised.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

__all__ = ["main"]


def main(family: str, seconds: int) -> None:
    """Fuzz one family, starting from its valid inputs."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["skerry_firmware_bridge"]):
        decoders = import_module("skerry_testing.decoders").DECODERS
    rejected = import_module("skerry_firmware_bridge.errors").FrameRejected
    decoder, seeds = decoders[family]

    def one_input(raw: bytes) -> None:
        try:
            decoder(raw)
        except rejected:
            return

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], corpus, f"-max_total_time={seconds}", "-max_len=4096"], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
