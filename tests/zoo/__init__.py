"""The zoo: wrong convolutions that the suite must catch, and the garden: right ones that it must never call wrong."""
