"""The radio sentinel: learns what is normal for one radio and tells a sick radio from a quiet band. Pure.

`normal` is what it learned and what outlives a restart, `signal` finds weak and noisy reception, `ladder` says which
repair is due and bounds them, `sentinel` brings them together. The agent feeds frames and states and asks for a
judgement once a minute. What it goes by is in serial-devices 4, rows 3, 4, 7 and 8.
"""
