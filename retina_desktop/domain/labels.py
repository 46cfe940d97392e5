"""The labels the program knows: the 29 of RFMiD in output order, and retinoblastoma.

RFMiD's are those that the RIADD challenge released: ``Disease_Risk``, 27 diseases and ``OTHER``
(Pachade et al., RFMiD, Data 2021, 6(2), 14). Beware: **MH is media haze; the macular hole is
MHL.** ``RB`` is a label of models for small children and none of RFMiD's.

``icd10`` is given only where a code says the same as the label: ICD-10-CM, a trailing ``-``
standing for the digits of eye and stage, except H36.0, which is the WHO edition's code for
diabetic retinopathy (ICD-10-CM would ask for the kind of diabetes).

``tier`` is the *safe* one: a label carries no severity (wet or dry, the grade of a
retinopathy, visual acuity, since when), so the most urgent of its common forms decides, and a
reader may change it. Urgencies after the College of Optometrists' guidance on urgency of
referrals, NHS diabetic eye screening (proliferative: referred within two weeks), the Western
Australian pathway for retinal vein occlusion, local optical committees' tables, and NICE NG12
for retinoblastoma (an appointment within two weeks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from retina_desktop.domain.referral_tiers import ReferralTier

DISEASE_RISK = "Disease_Risk"


@dataclass(frozen=True, slots=True)
class Label:
    """A class a model may know."""

    code: str
    name: str
    explanation: str  # one plain sentence
    tier: ReferralTier
    icd10: str = ""
    urgency_note: str = ""  # what makes it more or less urgent than the tier
    of_children: bool = False  # a disease of the first years of life


_URGENT, _SOON = ReferralTier.URGENT, ReferralTier.SOON
_ROUTINE, _NONE = ReferralTier.ROUTINE, ReferralTier.NONE

_TABLE: tuple[Label, ...] = (
    Label(
        DISEASE_RISK,
        "Any abnormality",
        "The photograph shows something that a healthy eye does not.",
        _SOON,
        urgency_note="Counts by itself only when no named label explains it.",
    ),
    Label(
        "DR",
        "Diabetic retinopathy",
        "Diabetes has damaged the small vessels: microaneurysms, bleeding, exudates or new "
        "vessels.",
        _SOON,
        "H36.0",
        "The grade is not known to the model; proliferative or pre-proliferative is urgent.",
    ),
    Label(
        "ARMD",
        "Age-related macular degeneration",
        "Age has damaged the macula: large drusen, pigment changes, atrophy, fluid or blood.",
        _URGENT,
        "H35.3-",
        "Suspected wet disease is seen within a week; dry disease is routine.",
    ),
    Label(
        "MH",
        "Media haze",
        "Something cloudy before the retina blurs the photograph: cataract, vitreous opacity "
        "or a hazy cornea.",
        _ROUTINE,
        urgency_note="Sudden haze is seen the same day.",
    ),
    Label(
        "DN",
        "Drusen",
        "Yellow deposits under the retina, an early sign of macular degeneration.",
        _ROUTINE,
        "H35.36-",
    ),
    Label(
        "MYA",
        "Pathological myopia",
        "A long eye with thinned retina: crescent at the disc, atrophy or a stretched pole.",
        _ROUTINE,
        "H44.2-",
        "New distortion or loss of vision is urgent.",
    ),
    Label(
        "BRVO",
        "Branch retinal vein occlusion",
        "One vein is blocked: bleeding and swelling in the part of the retina it drains.",
        _URGENT,
        "H34.83-",
        "Within a week where visual acuity has dropped, else within weeks.",
    ),
    Label(
        "TSLN",
        "Tessellation",
        "The choroid's vessels shine through; common in myopia and age.",
        _NONE,
    ),
    Label(
        "ERM",
        "Epiretinal membrane",
        "A thin film on the macula that wrinkles the retina.",
        _ROUTINE,
        "H35.37-",
    ),
    Label("LS", "Laser scars", "Scars of an earlier laser treatment.", _NONE),
    Label("MS", "Macular scar", "A scar in the macula.", _ROUTINE, "H31.01-"),
    Label(
        "CSR",
        "Central serous retinopathy",
        "Clear fluid has lifted the macula.",
        _URGENT,
        "H35.71-",
    ),
    Label(
        "ODC",
        "Optic disc cupping",
        "The cup of the optic disc is large, a possible sign of glaucoma.",
        _ROUTINE,
        urgency_note="Very high eye pressure is seen the same day.",
    ),
    Label(
        "CRVO",
        "Central retinal vein occlusion",
        "The main vein is blocked: bleeding in all quarters of the retina.",
        _URGENT,
        "H34.81-",
        "With an eye pressure of 40 mmHg or more: the same day.",
    ),
    Label(
        "TV",
        "Tortuous vessels",
        "The vessels wind more than usual, as in high blood pressure.",
        _ROUTINE,
    ),
    Label(
        "AH",
        "Asteroid hyalosis",
        "Harmless bright particles float in the vitreous.",
        _NONE,
        "H43.2-",
    ),
    Label(
        "ODP",
        "Optic disc pallor",
        "The optic disc is pale: nerve fibres have been lost.",
        _SOON,
        "H47.2-",
    ),
    Label(
        "ODE",
        "Optic disc oedema",
        "The optic disc is swollen.",
        _URGENT,
        "H47.1-",
        "An emergency: within 24 hours.",
    ),
    Label(
        "ST",
        "Optociliary shunt",
        "Vessels by-pass the central vein at the disc.",
        _SOON,
    ),
    Label(
        "AION",
        "Anterior ischaemic optic neuropathy",
        "The head of the optic nerve has lost its blood supply.",
        _URGENT,
        "H47.01-",
        "An emergency where giant cell arteritis is suspected.",
    ),
    Label(
        "PT",
        "Parafoveal telangiectasia",
        "Widened, leaking capillaries beside the fovea.",
        _ROUTINE,
        "H35.07-",
    ),
    Label(
        "RT",
        "Retinal traction",
        "Membranes pull on the retina.",
        _URGENT,
        urgency_note="Where the retina detaches: within 24 hours.",
    ),
    Label(
        "RS",
        "Retinitis",
        "The retina is inflamed, often by an infection.",
        _URGENT,
        "H30.-",
        "Infection or uveitis: within 24 hours.",
    ),
    Label(
        "CRS",
        "Chorioretinitis",
        "Retina and choroid are inflamed, or scarred by an earlier inflammation.",
        _URGENT,
        "H30.9-",
        "Active inflammation: within 24 hours.",
    ),
    Label(
        "EDN",
        "Exudation",
        "Yellow exudates: fat and protein have leaked from the vessels.",
        _SOON,
        urgency_note="In the macula: within one to two weeks.",
    ),
    Label(
        "RPEC",
        "Pigment epithelium changes",
        "The layer under the retina has lost or clumped its pigment.",
        _ROUTINE,
    ),
    Label(
        "MHL",
        "Macular hole",
        "A hole in the centre of the macula.",
        _URGENT,
        "H35.34-",
        "Urgent when it is less than about a year old.",
    ),
    Label(
        "RP",
        "Retinitis pigmentosa",
        "An inherited loss of photoreceptors with bone-like pigment.",
        _ROUTINE,
        "H35.52",
    ),
    Label(
        "OTHER",
        "Other abnormality",
        "An abnormality outside the named labels, possibly a rare and urgent one such as an "
        "arterial occlusion.",
        _URGENT,
        urgency_note="Read by a person now: it may be an emergency or nothing.",
    ),
)

_RETINOBLASTOMA = Label(
    "RB",
    "Retinoblastoma",
    "A cancer of the retina in small children: a white or yellowish mass, often with seeds "
    "in the vitreous.",
    _SOON,
    "C69.2-",
    "Seen by an ophthalmologist within two weeks (NICE); a missing red reflex together with a "
    "new squint: the same day. It endangers life as well as sight.",
    of_children=True,
)

RFMID_CODES: tuple[str, ...] = tuple(label.code for label in _TABLE)
LABELS: Mapping[str, Label] = MappingProxyType(
    {label.code: label for label in (*_TABLE, _RETINOBLASTOMA)}
)


def label_of(code: str) -> Label:
    """Return the label with `code`; a code of a foreign model gives a label that says so.

    A finding nobody has told us about is read by a person soon, whatever it is.
    """
    known = LABELS.get(code)
    if known is not None:
        return known
    return Label(code, code, "A label of an added model; its documentation tells more.", _SOON)
