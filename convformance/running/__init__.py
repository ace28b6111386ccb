"""A run: questions, the runner, verdicts and their status, the session, and its launch."""
