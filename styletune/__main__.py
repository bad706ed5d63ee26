"""`python -m styletune`."""

import contextlib
import sys
from pathlib import Path

with contextlib.suppress(FileNotFoundError):
    if not sys.flags.safe_path and sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # `-m` puts it there, see `safe_path`

from styletune.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
