"""Device emulators behind real sockets and pseudo-terminals, the RF medium that joins them, and simulated time."""
