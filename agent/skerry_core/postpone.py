"""Postpones the import of a library that another one takes along and we never use; for a start that must be quick."""

import importlib.util
import sys

__all__ = ["postpone"]


def postpone(name: str) -> None:
    """Let a module be loaded when something in it is used for the first time; nothing happens where it is absent.

    For modules that others import as a whole (`from dateutil import parser`): taking a name out of one loads it.
    """
    if name in sys.modules:
        return
    try:
        spec = importlib.util.find_spec(name)
    except ImportError:  # its package is not installed
        return
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    package, _, last = name.rpartition(".")
    if package:
        setattr(sys.modules[package], last, module)
