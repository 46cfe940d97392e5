"""Everything that can go wrong for a reason the clinician can do something about.

Each class carries a stable ``code`` for machines (the ``error`` field of the command line's
JSON); its text is one sentence that says what is wrong and what to do. Texts never hold a
patient's name or number, nor a path: who shows the error knows which file it belongs to.
"""

from typing import ClassVar


class RetinaError(Exception):
    """A problem to be shown as it is; every other exception is a bug."""

    code: ClassVar[str] = "error"


class ImageUnreadableError(RetinaError):
    """The file cannot be decoded to a photograph."""

    code: ClassVar[str] = "image_unreadable"


class NotAnImageError(ImageUnreadableError):
    """The bytes are of no image format that is read here."""

    code: ClassVar[str] = "not_an_image"


class ImageTruncatedError(ImageUnreadableError):
    """The file ends before its picture does, or its data are damaged."""

    code: ClassVar[str] = "image_truncated"


class ImageTooLargeError(ImageUnreadableError):
    """More pixels than are decoded here, honest or a decompression bomb."""

    code: ClassVar[str] = "image_too_large"


class ImageEmptyError(ImageUnreadableError):
    """The file has no bytes, or its picture no pixels."""

    code: ClassVar[str] = "image_empty"


class ImageMissingError(ImageUnreadableError):
    """There is no such file."""

    code: ClassVar[str] = "image_missing"


class ImageIsDirectoryError(ImageUnreadableError):
    """A folder was named where a photograph is expected."""

    code: ClassVar[str] = "is_a_directory"


class ImageForbiddenError(ImageUnreadableError):
    """The operating system does not let this user read the file."""

    code: ClassVar[str] = "no_permission"


class DicomEncryptedError(ImageUnreadableError):
    """The DICOM object's content is encrypted."""

    code: ClassVar[str] = "dicom_encrypted"


class DicomWithoutImageError(ImageUnreadableError):
    """The DICOM object holds no picture (a report, a directory, a waveform)."""

    code: ClassVar[str] = "dicom_without_image"


class DicomUnsupportedError(ImageUnreadableError):
    """The DICOM picture is compressed or coded in a way that is not read here."""

    code: ClassVar[str] = "dicom_unsupported"


class BundleRefusedError(RetinaError):
    """A model bundle is damaged, foreign or of another schema, and was not loaded."""

    code: ClassVar[str] = "bundle_refused"


class ModelNotFoundError(RetinaError):
    """No installed model bundle has that id."""

    code: ClassVar[str] = "model_not_found"


class EngineUnavailableError(RetinaError):
    """The engine asked for is not installed on this workstation."""

    code: ClassVar[str] = "engine_unavailable"


class OutputUnwritableError(RetinaError):
    """A result could not be written where the user wants it."""

    code: ClassVar[str] = "output_unwritable"


class InternalError(RetinaError):
    """Stands for a bug where results are listed; its traceback is in the log."""

    code: ClassVar[str] = "internal_error"


class UnknownLabelError(RetinaError):
    """A label was named that the model does not have."""

    code: ClassVar[str] = "unknown_label"


class NoDisplayError(RetinaError):
    """There is no screen to open the window on."""

    code: ClassVar[str] = "no_display"


class TaskCancelledError(Exception):
    """A task noticed that it was asked to stop; no error, and nothing to show."""
