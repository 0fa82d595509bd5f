"""Owner and gateway keys at rest: our own key file, Helium wallet files, phrases, Solana imports, the identity rule.

Functions that derive keys from passwords block for up to seconds: call them in a thread.
"""
