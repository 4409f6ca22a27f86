"""Why a migration did not happen; the message is one sentence for whoever reads the Job's end."""

import os
from typing import ClassVar


class MigrationError(Exception):
    """The schema is as it was before."""

    code: ClassVar[int] = os.EX_SOFTWARE
    """Exit code of the process."""


class WrongSettingError(MigrationError):
    """What the Job was told cannot be done."""

    code = os.EX_CONFIG


class OutOfReachError(MigrationError):
    """PostgreSQL could not be used for as long as the Job may wait."""

    code = os.EX_TEMPFAIL
