"""A cross-framework conformance suite for convolution: what is asked, who answers, the verdict and the report."""

from pathlib import Path

__version__ = "0.1.0"

# In a checkout the rooms lie beside this package; an installed distribution has them below it.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "reference" / "__init__.py").is_file():
    __path__.append(str(_checkout))
