"""What a module tells the others, and what it hears: at least once, in order, and nothing is lost.

`outbox.Outbox` publishes in the caller's transaction and serves what was published; `reader.Reader`
follows the record, `positions` keeps how far it is, `parking` what it could not handle; `forms`
holds data against the registry; `pages` answers with events, `news` and `wakes` wake whoever waits
for them; `measures` are the metrics; `migrations/` makes the tables.
"""

from arkalia_runtime.events.forms import InvalidEventError
from arkalia_runtime.events.outbox import Outbox
from arkalia_runtime.events.reader import Reader

__all__ = ["InvalidEventError", "Outbox", "Reader"]
