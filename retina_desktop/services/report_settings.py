"""The paper and language of a clinic's reports unless somebody says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.report_content import Language, Paper
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.settings_ports import SettingStore

DEFAULTS = "report.defaults"


@dataclass(frozen=True, slots=True)
class ReportDefaults:
    """What is chosen at first; ``version`` is what a change of it expects."""

    paper: Paper = Paper.A4
    language: Language = Language.ENGLISH
    version: int = 0


@dataclass(frozen=True, slots=True)
class OpenReportDefaults:
    """Tell what the clinic has chosen."""

    settings: SettingStore

    def __call__(self, acting: Acting) -> ReportDefaults:
        """Return the choice; A4 and English before the first.

        Raises
        ------
        PermissionDeniedError, RecordsDamagedError
        """
        acting.allowed(Permission.SEE_RECORDS)
        stored = self.settings.get(DEFAULTS)
        if stored is None:
            return ReportDefaults()
        value = stored.value
        try:
            if not isinstance(value, Mapping):
                raise ValueError("the defaults are no mapping")
            paper, language = Paper(str(value["paper"])), Language(str(value["language"]))
        except (LookupError, ValueError) as error:
            raise RecordsDamagedError(
                "The reports' paper and language are not what the program wrote; choose them "
                "again."
            ) from error
        return ReportDefaults(paper, language, stored.version)


@dataclass(frozen=True, slots=True)
class SaveReportDefaults:
    """Choose for the whole clinic."""

    settings: SettingStore

    def __call__(self, acting: Acting, chosen: ReportDefaults) -> ReportDefaults:
        """Return the choice as stored; ``chosen.version`` is the one that was read.

        Raises
        ------
        ConflictError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        value = {"paper": chosen.paper.value, "language": chosen.language.value}
        stored = self.settings.put(DEFAULTS, value, expected_version=chosen.version, by=by)
        return ReportDefaults(chosen.paper, chosen.language, stored.version)
