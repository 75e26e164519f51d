"""`python -m thermonucleus` is the command line."""

import sys

from _thermonucleus_command import main

sys.exit(main())
