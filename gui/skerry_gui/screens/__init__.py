"""One file per screen; each draws feeds of the session and starts operations."""
