"""The simulated fleet of the stack: its hours, the day behind it, the events that it sends."""
