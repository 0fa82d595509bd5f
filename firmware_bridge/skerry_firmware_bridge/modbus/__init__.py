"""Modbus: RTU, TCP and ASCII frames as pure functions, and the buses that pymodbus serves (`modbus.bus`)."""
