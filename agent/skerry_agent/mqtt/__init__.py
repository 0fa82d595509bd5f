"""The agent on an MQTT broker: its state and its alerts, announced so that Home Assistant shows them by itself."""
