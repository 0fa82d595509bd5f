"""Messages and frames that several folders share."""
