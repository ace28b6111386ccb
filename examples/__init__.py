"""Short scripts to run and to read: each shows one thing about convolutions, asserts it, and draws it."""
