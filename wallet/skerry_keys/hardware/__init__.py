"""Gateway keys that never leave their chip: the ECC608 secure element on I2C, and a TPM 2.0.

Both speak their wire protocol directly over the kernel's device file, so no third-party library is needed.
"""
