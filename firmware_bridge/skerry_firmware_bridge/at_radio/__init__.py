"""LoRa modules with AT commands as transmit and receive devices: Wio-E5 (test mode) and RAK3172 (peer-to-peer mode).

`lines` cuts a byte stream into lines, `dialect` says what every module can do, `wio_e5` and `rak3172` are the two
command sets without any I/O, `radio` is the driver over a `Link`. Such a module hears one frequency and one data rate
at a time and has no concentrator counter: the frames' time stamps are the host's.
"""
