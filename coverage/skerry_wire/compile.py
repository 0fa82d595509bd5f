"""Compiles our .proto files into `skerry_wire.generated`; run it after a change: `python -m skerry_wire.compile`.

A test compiles into a temporary folder and compares, so generated code cannot drift from its source.
"""

import sys
from keyword import iskeyword
from pathlib import Path

__all__ = ["FOLDER", "compile_protos"]

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER / "protos"
VIRTUAL = "skerry_wire/generated"  # the path the compiler sees, so that generated imports name our package


def compile_protos(target: Path) -> list[Path]:
    """Compile every source into `target`/skerry_wire/generated; return the files written. Needs grpcio-tools."""
    from grpc_tools import protoc  # type: ignore[import-untyped]  # ships no annotations

    sources = sorted(path.name for path in SOURCES.glob("*.proto"))
    target.mkdir(parents=True, exist_ok=True)
    arguments = [f"-I{VIRTUAL}={SOURCES}", f"--python_out={target}", f"--pyi_out={target}"]
    with_service = [name for name in sources if "\nservice " in (SOURCES / name).read_text()]
    for names, extra in ((sources, []), (with_service, [f"--grpc_python_out={target}"])):
        plan = ["protoc", *(arguments if not extra else [arguments[0], *extra]), *(f"{VIRTUAL}/{n}" for n in names)]
        if protoc.main(plan) != 0:
            raise SystemExit("the protocol compiler refused the sources; see its message above")
    written = sorted((target / VIRTUAL).iterdir())
    for stub in written:
        if stub.suffix == ".pyi":
            _drop_keywords(stub)
    return written


def _drop_keywords(stub: Path) -> None:
    """Take out enum values that are Python keywords: the compiler writes them, and no type checker can read them."""
    lines = stub.read_text().splitlines(keepends=True)
    stub.write_text("".join(line for line in lines if not iskeyword(line.strip().partition(":")[0])))


if __name__ == "__main__":
    for path in compile_protos(FOLDER.parent):
        sys.stdout.write(f"{path.relative_to(FOLDER)}\n")
