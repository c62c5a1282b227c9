"""What a caller may give: a source of touchpoints, side tables beside it, and a day."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from tiercast.schema import History
from tiercast.sidetable import SideTable

Source = str | pd.DataFrame | History
"""``SCHEME:WHERE`` or a path, touchpoints in memory, or a history that is open; see :func:`~.opening.open_source`."""
Sides = Mapping[str, Source | SideTable]
"""Side tables by name."""
Day = str | date
"""``2026-03-02``, a date, or ``latest`` where the function says so."""
