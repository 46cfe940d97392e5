"""What can go wrong where records come in, go out or are deleted, each told in one sentence."""

from typing import ClassVar

from retina_desktop.domain.errors import OutputUnwritableError, RetinaError


class PatternError(RetinaError, ValueError):
    """A pattern of file names, or a format of dates, that cannot be understood."""

    code: ClassVar[str] = "pattern"


class TableUnreadableError(RetinaError):
    """The table of an import cannot be read, or lacks a column."""

    code: ClassVar[str] = "table_unreadable"


class ImportRefusedError(RetinaError):
    """A file that an import leaves out."""

    code: ClassVar[str] = "import_refused"


class OtherPatientError(RetinaError):
    """A photograph's own header names somebody else than the patient it is added to."""

    code: ClassVar[str] = "other_patient"


class KeptByRetentionError(RetinaError):
    """The retention rule does not let this record be deleted yet."""

    code: ClassVar[str] = "kept_by_retention"


class NotConfirmedError(RetinaError):
    """What was typed to confirm a deletion is not what was asked for."""

    code: ClassVar[str] = "not_confirmed"


class OutputExistsError(OutputUnwritableError):
    """There is a file or folder of that name already, and nobody said to replace it."""

    code: ClassVar[str] = "output_exists"
