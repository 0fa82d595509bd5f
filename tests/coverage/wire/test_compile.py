from pathlib import Path

from skerry_wire.compile import FOLDER, compile_protos


def test_generated_code_is_what_the_sources_compile_to(tmp_path: Path) -> None:
    fresh = {path.name: path.read_bytes() for path in compile_protos(tmp_path)}
    kept = {path.name: path.read_bytes() for path in (FOLDER / "generated").iterdir() if path.is_file()}
    kept.pop("__init__.py")
    assert fresh == kept
