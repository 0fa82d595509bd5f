"""What goes wrong between a computer and a modem that ModemManager owns, for the emulated ModemManager."""

from dataclasses import dataclass

__all__ = ["ManagerFaults"]


@dataclass(slots=True, kw_only=True)
class ManagerFaults:
    """Flags are 0 or 1 and may be changed while it runs.

    `absent`: ModemManager has no modem; `twin`: it has a second one. `locked`: the SIM wants its PIN. `failed`: the
    modem cannot be used, for ModemManager's reason of that number (2 = no SIM). `disabled`: it is off. `denied`: polkit
    lets nobody measure or list cells; `forbidden`: the bus lets nobody talk to ModemManager. `silent`: nothing is
    answered. `junk`: values of wrong types (1), or no objects at all (2). `moves_s`: the modem comes back at another
    object path so often; `restarts_s`: ModemManager itself starts again so often.
    """

    absent: bool = False
    twin: bool = False
    locked: bool = False
    failed: int = 0
    disabled: bool = False
    denied: bool = False
    forbidden: bool = False
    silent: bool = False
    junk: int = 0
    moves_s: float = 0.0
    restarts_s: float = 0.0
