"""The Debian package in a fresh system: installed, run as the unit says and as its user, removed, its key kept.

Slow (builds the package, makes a minimal Debian with debootstrap from this computer's own mirror), so it is among the
tests with counterparts: ./dev test --peers, as root.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60

pytestmark = [
    pytest.mark.peers,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap and chroot need root"),
    pytest.mark.skipif(shutil.which("debootstrap") is None, reason="needs the Debian package debootstrap"),
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A minimal Debian in a folder."""

    root: Path

    def run(self, *command: str, user: str = "root", check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in it."""
        return subprocess.run(self.command(*command, user=user), capture_output=True, text=True, check=check)

    def command(self, *command: str, user: str = "root") -> list[str]:
        """Return a command line that runs in it, with nothing of our environment."""
        clean = ["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        return ["chroot", f"--userspec={user}", str(self.root), *clean, *command]

    def path(self, inside: str) -> Path:
        """Return the place of one of its files."""
        return self.root / inside.lstrip("/")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package as the README says."""
    folder = tmp_path_factory.mktemp("deb")
    environ = os.environ | {"SKERRY_PYTHON": "/usr/bin/python3"}  # the package is for the system's Python
    built = subprocess.run(
        [str(ROOT / "dev"), "package", "deb", str(folder)], stdout=subprocess.PIPE, text=True, check=True, env=environ
    )
    return Path(built.stdout.strip())


@pytest.fixture(scope="module")
def system(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    root = tmp_path_factory.mktemp("debian")
    suite, mirror = _apt_source()
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=python3,adduser,curl", suite, str(root), mirror],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    root.chmod(0o755)  # the test's folder is private, and every user of the system needs its "/"
    system = System(root=root)
    shutil.copy(package, root / "tmp" / "skerry.deb")
    system.run("dpkg", "-i", "/tmp/skerry.deb")
    yield system
    shutil.rmtree(root)


def _apt_source() -> tuple[str, str]:
    """Return suite and mirror of this computer's own apt configuration."""
    suite = next(
        line.partition("=")[2].strip('"')
        for line in Path("/etc/os-release").read_text().splitlines()
        if line.startswith("VERSION_CODENAME=")
    )
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for line in listed.stdout.splitlines():
        codename, _, uri = line.partition(" ")
        if codename == suite:
            return suite, uri
    pytest.skip("apt knows no mirror here: run apt-get update first")


def directive(system: System, name: str) -> str:
    """Return a value of the installed unit."""
    unit = system.path("/lib/systemd/system/skerry.service").read_text()
    (value,) = [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{name}=")]
    return value


@contextmanager
def service(system: System) -> Iterator["subprocess.Popen[bytes]"]:
    """Do what systemd does for the unit: runtime folder, user, environment, ExecStart; SIGTERM at the end."""
    user = directive(system, "User")
    system.run("install", "-d", "-o", user, "-g", user, "-m", directive(system, "RuntimeDirectoryMode"), "/run/skerry")
    system.run(
        "install", "-d", "-o", user, "-g", user, "-m", directive(system, "CacheDirectoryMode"), "/var/cache/skerry"
    )
    given = ["STATE_DIRECTORY=/var/lib/skerry", "RUNTIME_DIRECTORY=/run/skerry", "CACHE_DIRECTORY=/var/cache/skerry"]
    ports = ["SKERRY_API_PORT=0", "SKERRY_GWMP_LISTEN=127.0.0.1:0"]  # this computer may run an agent of its own
    command = system.command("env", *given, *ports, *directive(system, "ExecStart").split(), user=f"{user}:{user}")
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "it says where its API is"
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.communicate()


def _key(system: System) -> str:
    return hashlib.sha256(system.path("/var/lib/skerry/keys/gateway.key").read_bytes()).hexdigest()


def test_it_installs_runs_as_its_user_and_leaves_the_key_behind(system: System) -> None:
    home = system.run("stat", "-c", "%U %G %a", "/var/lib/skerry", "/etc/skerry", "/etc/skerry/skerry.toml").stdout
    assert home.splitlines() == ["skerry skerry 700", "root skerry 750", "root skerry 640"]

    with service(system):
        address = system.path("/run/skerry/api.address").read_text().strip()
        token = system.run("cat", "/run/skerry/api.token").stdout.strip()
        ask = ("curl", "--silent", "--write-out", "\n%{http_code}", f"{address}/api/v1/status")
        body, code = system.run(*ask, "--header", f"Authorization: Bearer {token}").stdout.rsplit("\n", 1)
        assert code == "200"
        assert json.loads(body)["operator"]["is_set"] is False
        assert system.run(*ask).stdout.endswith("\n401")
        assert system.run("skerry", "status", "--json", check=False).returncode in {0, 5}, "root asks without a folder"
        others = system.run("cat", "/run/skerry/api.token", user="nobody", check=False)
        assert others.returncode != 0
        assert system.run("stat", "-c", "%U %a", "/var/lib/skerry/keys/gateway.key").stdout.strip() == "skerry 600"
    key = _key(system)

    system.run("dpkg", "-i", "/tmp/skerry.deb")  # again, as an update does
    with service(system):
        pass
    assert _key(system) == key

    system.run("dpkg", "--remove", "skerry")
    assert not system.path("/usr/bin/skerry").exists()
    assert system.path("/etc/skerry/skerry.toml").exists()
    said = system.run("dpkg", "--purge", "skerry").stdout
    assert not system.path("/etc/skerry/skerry.toml").exists()
    assert not system.path("/usr/lib/skerry").exists(), "no compiled file is left, though root ran the program"
    assert _key(system) == key
    assert "holds this hotspot's key" in said


def test_the_solana_vm_of_an_operator_starts_from_the_installed_package(system: System) -> None:
    system.run("dpkg", "-i", "/tmp/skerry.deb")
    command = system.command("skerry", "chain", "serve", "--dir", "/tmp/chain", "--network", "t", "--port", "0")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert b"http://127.0.0.1:" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT_S)
    # The agent reaches the VM as a process of its own, which must find the packages too.
    told = json.loads(system.run("skerry", "chain", "info", "--dir", "/tmp/chain", "--json").stdout)
    assert told["network"] == "t"
