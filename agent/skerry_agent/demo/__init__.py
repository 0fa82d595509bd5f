"""`skerry demo`: a neighbourhood of simulated hotspots running the real program until an epoch is paid."""
