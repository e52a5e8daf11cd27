"""Tables of the documentation, from results, settings and code."""
