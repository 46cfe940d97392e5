"""The research export, over open records."""

from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.pseudonyms import Pseudonyms
from retina_desktop.domain.record_errors import EncryptionUnavailableError
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.services.deidentification import ExportForResearch
from retina_desktop.services.whole_folders import whole_folder

if TYPE_CHECKING:
    from retina_desktop.persistence.opening import Records


def export_for_research(records: "Records") -> ExportForResearch:
    """Return what writes a de-identified export.

    Raises
    ------
    EncryptionUnavailableError
        If the records have no key to make pseudonyms with.
    """
    from retina_desktop.persistence.research_selection import SqlResearchSelection

    if records.pseudonym_key is None:
        raise EncryptionUnavailableError(
            "Pseudonyms need the key of encrypted records, and these are not encrypted."
        )
    return ExportForResearch(
        selection=SqlResearchSelection(records.audited),
        patients=records.patients,
        examinations=records.examinations,
        analyses=records.analyses,
        readings=records.readings,
        images=records.images,
        audit=records.audit,
        decode=_pixels,
        folder=whole_folder,
        pseudonyms=Pseudonyms(records.pseudonym_key),
        software_version=__version__,
    )


def _pixels(data: bytes) -> RgbImage:
    return decode_bytes(data).pixels
