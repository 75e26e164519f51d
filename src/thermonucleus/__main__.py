"""`python -m thermonucleus` is the command line."""

import sys

from thermonucleus.cli import main

sys.exit(main())
