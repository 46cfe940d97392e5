"""A hint on how long a password would last; the rule is `domain.users.check_password`."""

from enum import StrEnum

from retina_desktop.domain.users import SHORTEST_PASSWORD

_GOOD_LENGTH, _STRONG_LENGTH = 12, 16
_FEWEST_DIFFERENT = 5


class Strength(StrEnum):
    """From what is refused to what can be recommended."""

    NOTHING = "nothing"
    TOO_SHORT = "too short"
    WEAK = "weak"
    GOOD = "good"
    STRONG = "strong"


def strength_of(password: str, *, user_name: str = "") -> Strength:
    """Return how strong `password` is: by its length, as length is what guessing has to pay."""
    if not password:
        return Strength.NOTHING
    if len(password) < SHORTEST_PASSWORD:
        return Strength.TOO_SHORT
    folded = password.casefold()
    if len(set(folded)) < _FEWEST_DIFFERENT or (user_name and user_name.casefold() in folded):
        return Strength.WEAK
    if len(password) >= _STRONG_LENGTH:
        return Strength.STRONG
    return Strength.GOOD if len(password) >= _GOOD_LENGTH else Strength.WEAK
