"""A run: its route, how the answer is made, and the answer's form."""
