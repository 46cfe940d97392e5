"""The few looks that text has on a report's pages."""

from retina_desktop.reporting.palette import ACCENT, POSITIVE
from retina_desktop.reporting.typesetting.type_styles import (
    MUTED,
    Alignment,
    TextRole,
    TypeStyle,
)

MM = 72.0 / 25.4  # points
NOTHING = "\u2013"  # stands where a field is empty

CLINIC = TypeStyle(size=13.0, leading=17.0, bold=True, colour=ACCENT, free_direction=True)
CLINIC_DETAILS = TypeStyle(size=8.0, leading=11.0, colour=MUTED, free_direction=True)
TITLE = TypeStyle(size=17.0, leading=23.0, bold=True, role=TextRole.TITLE)
STATUS = TypeStyle(size=9.0, leading=12.5, colour=MUTED)
STATUS_DRAFT = TypeStyle(size=9.0, leading=12.5, bold=True, colour=POSITIVE)
HEADING = TypeStyle(size=11.0, leading=15.0, bold=True, colour=ACCENT, role=TextRole.HEADING)
EYE_HEADING = TypeStyle(size=10.5, leading=14.5, bold=True, role=TextRole.SUBHEADING)
BODY = TypeStyle(size=9.0, leading=12.8)
TYPED = TypeStyle(size=9.0, leading=12.8, free_direction=True)
SMALL = TypeStyle(size=8.0, leading=11.0)
SMALL_TYPED = TypeStyle(size=8.0, leading=11.0, free_direction=True)
FIELD_NAME = TypeStyle(size=7.5, leading=10.0, colour=MUTED)
DECISION = TypeStyle(size=8.0, leading=11.0, bold=True, colour=ACCENT)
NOTE = TypeStyle(size=7.6, leading=10.4, colour=MUTED)
CAPTION = TypeStyle(size=7.4, leading=9.8, colour=MUTED, alignment=Alignment.CENTRE)
FINDING = TypeStyle(size=9.0, leading=12.0)
TIER = TypeStyle(size=14.0, leading=19.0, bold=True, role=TextRole.HEADING)
FOOTER = TypeStyle(size=7.0, leading=9.2, colour=MUTED)
CODE = TypeStyle(size=7.0, leading=8.6, colour=MUTED, alignment=Alignment.CENTRE)
RUNNING = TypeStyle(size=7.5, leading=10.0, colour=MUTED)

LETTER_BODY = TypeStyle(size=10.0, leading=14.6)
LETTER_TYPED = TypeStyle(size=10.0, leading=14.6, free_direction=True)
LETTER_SUBJECT = TypeStyle(size=10.5, leading=15.0, bold=True, role=TextRole.TITLE)

LEAFLET_TITLE = TypeStyle(
    size=22.0, leading=29.0, bold=True, colour=ACCENT, role=TextRole.TITLE
)
LEAFLET_NAME = TypeStyle(size=12.0, leading=17.0, colour=MUTED)
LEAFLET_HEADING = TypeStyle(
    size=13.5, leading=19.0, bold=True, colour=ACCENT, role=TextRole.HEADING
)
LEAFLET_EYE = TypeStyle(size=11.5, leading=16.5, bold=True, role=TextRole.SUBHEADING)
LEAFLET_BODY = TypeStyle(size=11.0, leading=16.2)
LEAFLET_TYPED = TypeStyle(size=11.0, leading=16.2, free_direction=True)
LEAFLET_STRONG = TypeStyle(size=12.0, leading=17.4, bold=True)
