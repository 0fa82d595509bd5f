"""The operator's own HTTP API: registrations, routes, denylist, epochs, reports; with tokens of its own."""
