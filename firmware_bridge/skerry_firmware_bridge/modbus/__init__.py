"""Modbus RTU, TCP and ASCII frames as pure functions; input and output are done by pymodbus (see `sunspec.reader`)."""
