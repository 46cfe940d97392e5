"""How dates, ages and states are written in lists; a month always in letters, never a digit."""

from datetime import UTC, date, datetime

from PySide6.QtCore import QCoreApplication, QLocale

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Condition, PatientDetails, Sex
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.local_dates import day_in_words
from retina_desktop.gui.patients.typed_dates import DateOrder, order_of

_STATES = {
    ExaminationState.CAPTURED: "Captured",
    ExaminationState.ANALYSED: "Analysed",
    ExaminationState.TO_BE_READ: "To be read",
    ExaminationState.SIGNED: "Signed",
}
_SEXES = {
    Sex.FEMALE: "Female",
    Sex.MALE: "Male",
    Sex.OTHER: "Other",
    Sex.NOT_STATED: "Not stated",
}
_CONDITIONS = {Condition.YES: "Yes", Condition.NO: "No", Condition.UNKNOWN: "Not known"}
_TIERS = {
    ReferralTier.URGENT: "Urgent",
    ReferralTier.SOON: "Soon",
    ReferralTier.REIMAGE: "Repeat",
    ReferralTier.ROUTINE: "Routine",
    ReferralTier.NONE: "No referral",
}
_FIELDS = {
    "record_number": "Record number",
    "name": "Name",
    "birth_date": "Birth date",
    "sex": "Sex",
    "contact": "Contact",
    "notes": "Notes",
    "diabetes": "Diabetes",
    "hypertension": "Hypertension",
    "risk_factors": "Risk factors",
}


def shown_date(day: date | None) -> str:
    """Return ``4 Mar 1961`` in the user's language; a dash for None."""
    if day is None:
        return "\u2013"
    return day_in_words(day)


def today() -> date:
    """Return the day it is at this workstation."""
    return datetime.now(UTC).astimezone().date()


def date_order() -> DateOrder:
    """Return the order in which the user's country types dates."""
    return order_of(QLocale().dateFormat(QLocale.FormatType.ShortFormat))


def shown_age(details: PatientDetails, today: date) -> str:
    """Return ``65 years``; months below two years, nothing when the birth date is unknown."""
    years = details.age_on(today)
    born = details.birth_date
    if years is None or born is None:
        return ""
    if years >= 2:
        return tr("{0} years").format(years)
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    return tr("1 month") if months == 1 else tr("{0} months").format(months)


def shown_person(details: PatientDetails, today: date) -> str:
    """Return sex, birth date and age in one line, without what is not known."""
    born = shown_date(details.birth_date) if details.birth_date else ""
    sex = "" if details.sex is Sex.NOT_STATED else shown_sex(details.sex)
    return " \u00b7 ".join(filter(None, (sex, born, shown_age(details, today))))


def shown_state(state: ExaminationState) -> str:
    """Return the state as a word."""
    return tr(_STATES[state])


def shown_tier(tier: ReferralTier) -> str:
    """Return the referral in one or two words, for lists."""
    return tr(_TIERS[tier])


def shown_sex(sex: Sex) -> str:
    """Return the sex as a word."""
    return tr(_SEXES[sex])


def shown_condition(condition: Condition) -> str:
    """Return yes, no or not known."""
    return tr(_CONDITIONS[condition])


def shown_field(field: str) -> str:
    """Return the label of a field of the form."""
    return tr(_FIELDS.get(field, field.replace("_", " ").capitalize()))


def shown_eye(eye: Laterality | None) -> str:
    """Return ``Right eye (OD)``, ``Left eye (OS)``, or that nobody said which."""
    if eye is None:
        return tr("Eye not stated")
    return tr("Right eye (OD)") if eye is Laterality.RIGHT else tr("Left eye (OS)")


def percent(probability: float) -> str:
    """Return a probability as a whole percentage; never 0 % or 100 %, which none is."""
    if probability < 0.01:
        return "<1\u00a0%"
    if probability > 0.99:
        return ">99\u00a0%"
    return f"{round(100 * probability)}\u00a0%"


def tr(text: str) -> str:
    """Return `text` in the user's language."""
    return QCoreApplication.translate("records", text)
