"""What every other package stands on: time, errors, identifiers, files, conformance kinds. Imports nothing of ours."""

__version__ = "0.1.0"
