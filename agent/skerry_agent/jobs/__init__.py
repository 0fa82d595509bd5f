"""Long actions that a client starts through the API and watches: at most a few at a time, kept for a day, in memory."""
