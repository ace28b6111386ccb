"""The catalogue of what was found, docs/findings.md, and the reproductions that it shows, each a script of its own."""
