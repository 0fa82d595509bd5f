"""The agent's side of Helium's gRPC: reports, entropy, region parameters, packets. Imported when a network uses it."""
