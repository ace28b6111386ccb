"""What is told: the run record, the HTML report, the Markdown summary, and the comparison of runs."""
