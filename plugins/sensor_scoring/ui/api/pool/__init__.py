"""The pool: its route, how the answer is made, and the answer's form."""
