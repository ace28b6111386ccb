"""The protocol by which a program in any language answers: docs/protocol.md says all of it."""
