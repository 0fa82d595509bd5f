"""Electricity meters that speak for themselves: P1/DSMR telegrams and the optical head of IEC 62056-21."""
