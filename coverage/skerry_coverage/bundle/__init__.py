"""Proof bundles: one file with evidence, its seals and what an operator said of it, that anyone checks offline.

`container` is the file around the content, `model` the content, `verify` the check; nothing here touches a network.
"""
