import subprocess
import sys

from skerry_core.postpone import postpone

SCRIPT = """
import sys
from skerry_core.postpone import postpone
postpone("xml.dom.minidom")
from xml.dom import minidom
assert "xml.dom.minicompat" not in sys.modules  # what minidom itself imports
assert minidom.parseString("<a/>").documentElement.tagName == "a"
assert "xml.dom.minicompat" in sys.modules
"""


def test_a_postponed_module_is_loaded_when_it_is_used() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60, env={"PYTHONPATH": ":".join(sys.path)})


def test_what_is_there_already_or_nowhere_is_left_alone() -> None:
    before = dict(sys.modules)
    for name in ("json", "no_such_package.module", "no_such_module"):
        postpone(name)
    assert sys.modules == before
