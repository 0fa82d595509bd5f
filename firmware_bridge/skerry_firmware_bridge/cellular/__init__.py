"""5G and LTE modems over AT commands: replies to typed values (missing is None, never a number), and the engine."""
