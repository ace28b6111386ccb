"""The table of raw arguments in docs/findings.md, and what keeps it current."""
