"""`python -m styletune`."""

import sys

from styletune.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
