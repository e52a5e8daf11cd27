"""Folders that tasks write to, used without ever following a link out of them."""
