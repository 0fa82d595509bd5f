"""SunSpec information models on Modbus: find them, read them, scale them; a value that is not there is None."""
