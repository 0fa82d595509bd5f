"""What is attached: ports and their names, harmless questions, gateways that speak, and why a port cannot be opened."""
