"""What every test shares: no screen is needed, and nobody's own settings are touched."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
