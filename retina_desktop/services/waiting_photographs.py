"""Which photographs no model has looked at yet: those imported or added without one."""

from collections.abc import Sequence
from dataclasses import dataclass

from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import AnalysisStore, ExaminationStore


@dataclass(frozen=True, slots=True)
class FindWaitingPhotographs:
    """Photographs in force without any analysis, for whoever may add one."""

    examinations: ExaminationStore
    analyses: AnalysisStore

    def __call__(
        self, acting: Acting, examination_ids: Sequence[int]
    ) -> tuple[StoredImage, ...]:
        """Return them visit by visit, each visit's in the order in which they were added.

        Raises
        ------
        RecordNotFoundError, RecordsUnavailableError, PermissionDeniedError
        """
        acting.allowed(Permission.EXAMINE)
        waiting: list[StoredImage] = []
        for examination_id in examination_ids:
            said = self.analyses.of_examination(examination_id)
            analysed = {analysis.image_id for analysis in said}
            images = self.examinations.images(examination_id)
            waiting.extend(image for image in images if image.id not in analysed)
        return tuple(waiting)
