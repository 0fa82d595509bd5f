"""Pure physics and regulation: regions, time on air, propagation."""
