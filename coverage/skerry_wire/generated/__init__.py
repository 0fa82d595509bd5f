"""Protobuf messages and service stubs, generated from `skerry_wire/protos` by `skerry_wire.compile`."""
