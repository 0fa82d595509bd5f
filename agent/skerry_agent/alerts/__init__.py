"""Tells the owner what went wrong and what is right again, once each: rules and state are pure, channels are thin."""
