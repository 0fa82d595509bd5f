"""The udev rules: each jump has its label, adapters are opened and kept from ModemManager, modems are left to it."""

import re
from pathlib import Path

RULES = Path(__file__).resolve().parents[2] / "packaging" / "udev"
LINES = [
    line
    for path in RULES.glob("*.rules")
    for line in path.read_text().splitlines()
    if line and not line.startswith("#")
]
PAIR = re.compile(r'(idVendor|idProduct)}=="([0-9a-f|]+)"')


def adapters(marker: str) -> set[tuple[str, str]]:
    """Return VID and PID of the lines that contain a marker."""
    found = set()
    for line in LINES:
        ids = dict(PAIR.findall(line))
        if marker in line and "idProduct" in ids:
            found |= {(ids["idVendor"], product) for product in ids["idProduct"].split("|")}
    return found


def test_the_file_comes_before_those_that_act_on_its_marks() -> None:
    (path,) = RULES.glob("*.rules")
    assert path.name < "73-seat-late.rules"
    assert path.name < "77-mm"


def test_every_jump_has_one_label_further_down() -> None:
    labels = {name: at for at, line in enumerate(LINES) for name in re.findall(r'LABEL="(\w+)"', line)}
    jumps = [(name, at) for at, line in enumerate(LINES) for name in re.findall(r'GOTO="(\w+)"', line)]
    assert jumps
    assert all(labels[name] > at for name, at in jumps)
    assert set(labels) == {name for name, _ in jumps}


def test_ports_that_are_opened_are_kept_from_modemmanager_save_those_of_modems() -> None:
    assert adapters('GOTO="skerry_adapter"') == adapters("ATTRS{")
    (adapter,) = [line for line in LINES if "ID_MM_DEVICE_IGNORE" in line]
    assert adapter == 'ENV{ID_MM_DEVICE_IGNORE}="1", GROUP="dialout", MODE="0660", TAG+="uaccess"'
    assert not any("2c7c" in line and "GOTO" in line for line in LINES)
