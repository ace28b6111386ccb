"""Questions and answers as files, for whoever cannot be asked from here."""
