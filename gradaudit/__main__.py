"""`python -m gradaudit`: the same as the command."""

import sys

from gradaudit.command import main

sys.exit(main())
