"""Blob Storage as the orchestrator sees it: the store, its listings, signatures for others, the registry."""
