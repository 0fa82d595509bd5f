"""Lets programs on the same network find the agent: multicast DNS, `_skerry._tcp.local`, only in LAN mode."""
