"""Questions and answers of programs and files."""
