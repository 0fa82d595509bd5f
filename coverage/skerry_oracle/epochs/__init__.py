"""Reward epochs: their calendar, the steps of closing one, what is paid."""
