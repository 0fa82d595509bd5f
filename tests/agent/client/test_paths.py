from pathlib import Path

from skerry_client.paths import choose_paths


def test_with_a_folder_everything_is_inside_it(tmp_path: Path) -> None:
    for paths in (
        choose_paths(tmp_path, environ={"STATE_DIRECTORY": "/var/lib/x"}),
        choose_paths(None, environ={"SKERRY_DIR": str(tmp_path)}),
    ):
        assert all(Path(place).is_relative_to(tmp_path) for place in paths.as_dict().values())


def test_a_service_uses_the_folders_that_systemd_made() -> None:
    environ = {"STATE_DIRECTORY": "/srv/a:/srv/b", "RUNTIME_DIRECTORY": "/run/skerry-2"}
    paths = choose_paths(None, environ=environ, platform="linux", root=False)
    assert (paths.database, paths.socket) == (Path("/srv/a/skerry.db"), Path("/run/skerry-2/api.sock"))
    assert choose_paths(None, environ={}, platform="linux", root=True).config == Path("/etc/skerry/skerry.toml")


def test_a_desktop_user_has_the_usual_folders() -> None:
    paths = choose_paths(None, environ={"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/1"}, platform="linux", root=False)
    assert paths.config == Path("/h/.config/skerry/skerry.toml")
    assert paths.state == Path("/h/.local/state/skerry")
    assert paths.token == Path("/run/user/1/skerry/api.token")
    windows = choose_paths(None, environ={"LOCALAPPDATA": "/l"}, platform="win32", root=False)
    assert windows.state == Path("/l/Skerry")
    mac = choose_paths(None, environ={"HOME": "/h"}, platform="darwin", root=False)
    assert mac.state == Path("/h/Library/Application Support/Skerry")


def test_folders_are_private_and_a_long_socket_path_is_noticed(tmp_path: Path) -> None:
    paths = choose_paths(tmp_path / "a", environ={})
    paths.create()
    paths.create()
    assert paths.keys.stat().st_mode & 0o777 == 0o700
    assert choose_paths(Path("/x"), environ={}).socket_fits()
    assert not choose_paths(Path("/" + "x" * 120), environ={}).socket_fits()
