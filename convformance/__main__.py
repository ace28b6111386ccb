"""``python -m convformance``: the command line."""

import sys

from convformance.cli import main

sys.exit(main())
