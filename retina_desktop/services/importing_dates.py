"""Days as files and tables spell them: by a format named, or so that no one misreads them."""

import re
from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.transfer_errors import PatternError

_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short_year>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
_TOKEN = re.compile("YYYY|YY|MM|M|DD|D|.", re.DOTALL)
# Year first, or day first with dots, as nobody writes month first; slashes can be either.
_UNMISTAKABLE = (
    re.compile(r"(?P<year>\d{4})(?P<s>[-_./ ]?)(?P<month>\d{2})(?P=s)(?P<day>\d{2})"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
)
_CENTURY = 2000  # of two-digit years: photographs in files are of this century


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A spelling of days, such as ``DD.MM.YYYY``; empty for the forms that cannot be misread.

    ``YYYY``, ``YY``, ``MM``, ``M``, ``DD`` and ``D`` stand for digits, all else for itself.
    """

    text: str = ""

    def __post_init__(self) -> None:
        if not self.text:
            return
        tokens = [token[0] for token in _TOKEN.findall(self.text) if token in _PARTS]
        if sorted(tokens) != ["D", "M", "Y"]:
            raise PatternError(
                "A date's format names year, month and day once each, as YYYY-MM-DD does."
            )

    @property
    def expression(self) -> str:
        """A regular expression of the spelling, without named groups."""
        if not self.text:
            forms = "|".join(form.pattern for form in _UNMISTAKABLE)
            return _anonymous(forms)
        return _anonymous(self._own().pattern)

    @property
    def has_short_years(self) -> bool:
        """Whether the year has two digits, which no birth date can have."""
        return bool(self.text) and "YYYY" not in self.text

    def read(self, text: str) -> date | None:
        """Return the day, None if `text` is no such day."""
        for form in (self._own(),) if self.text else _UNMISTAKABLE:
            match = form.fullmatch(text.strip())
            if match is not None:
                return _day(match)
        return None

    def _own(self) -> re.Pattern[str]:
        parts = (_PARTS.get(token, re.escape(token)) for token in _TOKEN.findall(self.text))
        return re.compile("".join(parts))


def _day(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    short = groups.get("short_year")
    year = _CENTURY + int(short) if short else int(groups["year"])
    try:
        return date(year, int(groups["month"]), int(groups["day"]))
    except ValueError:
        return None


def _anonymous(pattern: str) -> str:
    """Return `pattern` without names, so that it can stand within another."""
    separators = pattern.replace("(?P<s>[-_./ ]?)", "[-_./ ]?").replace("(?P=s)", "[-_./ ]?")
    return re.sub(r"\(\?P<\w+>", "(?:", separators)


ANY_CLEAR_DATE = DateFormat()
