"""The families of cases, one module each (the reports of real defects fill several), each with a tuple ``CASES``."""
