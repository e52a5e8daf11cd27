"""What a setting may hold: constraints, and the grammar of those that are more than a number or a word."""
