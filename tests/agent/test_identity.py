from pathlib import Path

import pytest

from skerry_agent.identity import open_identity
from skerry_agent.settings import Settings, load
from skerry_client.paths import Paths, choose_paths
from skerry_core.errors import RefusedError
from skerry_keys.software import SoftwareSigner
from skerry_testing.stores import open_stores


def home(tmp_path: Path) -> tuple[Paths, Settings]:
    paths = choose_paths(tmp_path, environ={})
    paths.create()
    return paths, load(file=None, environ={}, flags={})


async def identity(tmp_path: Path, **flags: str) -> bytes:
    paths, _ = home(tmp_path)
    settings = load(file=None, environ={}, flags=flags)
    async with open_stores(tmp_path) as stores:
        return (await open_identity(settings=settings, paths=paths, facts=stores.facts)).public_key


async def test_the_key_is_made_once_private_and_kept(tmp_path: Path) -> None:
    first = await identity(tmp_path)
    file = tmp_path / "keys" / "gateway.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert await identity(tmp_path) == first


async def test_a_missing_key_is_an_error_and_never_a_new_identity(tmp_path: Path) -> None:
    await identity(tmp_path)
    (tmp_path / "keys" / "gateway.key").unlink()
    with pytest.raises(RefusedError, match="E_KEY_MISSING"):
        await identity(tmp_path)
    assert not (tmp_path / "keys" / "gateway.key").exists()


async def test_another_key_in_its_place_is_refused(tmp_path: Path) -> None:
    await identity(tmp_path)
    (tmp_path / "keys" / "gateway.key").write_bytes(SoftwareSigner.from_seed(b"\x01" * 32).to_key_file())
    with pytest.raises(RefusedError, match="E_KEY_CHANGED"):
        await identity(tmp_path)


async def test_an_imported_key_is_taken_over(tmp_path: Path) -> None:
    own = SoftwareSigner.from_seed(b"\x01" * 32)
    file = tmp_path / "mine.key"
    file.write_bytes(own.to_key_file())
    file.chmod(0o600)
    assert await identity(tmp_path, **{"hotspot.key": str(file)}) == own.public_key


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [(b"", 0o600, "E_KEY_BAD"), (b"\x01" * 65, 0o600, "E_KEY_BAD"), (b"x", 0o640, "E_KEY_PERMISSIONS")],
)
async def test_a_bad_or_readable_key_file_is_refused(tmp_path: Path, content: bytes, mode: int, code: str) -> None:
    paths, _ = home(tmp_path)
    paths.gateway_key.write_bytes(content)
    paths.gateway_key.chmod(mode)
    with pytest.raises(RefusedError, match=code):
        await identity(tmp_path)


async def test_a_key_in_hardware_is_named_as_not_supported(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="E_KEY_KIND"):
        await identity(tmp_path, **{"hotspot.key": "ecc://i2c-1:96?slot=0"})
