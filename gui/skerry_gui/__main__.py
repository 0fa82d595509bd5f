"""`python -m skerry_gui`."""

from skerry_gui.main import main

raise SystemExit(main())
