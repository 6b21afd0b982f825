"""``python -m pipeline``: the same command line as ``imcbench``."""

import sys

from pipeline.cli import main

sys.exit(main())
