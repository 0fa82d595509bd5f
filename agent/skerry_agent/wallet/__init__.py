"""The wallet's outside: clusters and services to talk to, passwords, intents. The codecs are in `skerry_wallet`."""
