"""LoRa modules with AT commands as transmit and receive devices: Wio-E5, RAK3172, RN2483.

`lines` cuts a byte stream into lines, `dialect` says what every module can do, `wio_e5`, `rak3172` and `rn2483` are the
command sets without any I/O, `exchange` asks and waits, `radio` is the driver over a `Link`. Such a module hears one
frequency and one data rate at a time and has no concentrator counter: the frames' time stamps are the host's.
"""
