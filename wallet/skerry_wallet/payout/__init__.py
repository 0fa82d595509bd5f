"""Paying once, by construction: marked transactions, stored before sending, driven to their end.

A `PayoutOrder` becomes batches; each batch is one transaction that also creates a marker account, so the chain itself
refuses a second copy. `Settler` drives stored transactions; `Payer` refuses what the rules forbid.
"""
