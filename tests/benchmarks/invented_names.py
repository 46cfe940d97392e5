"""Names that nobody bears, in five scripts: syllables drawn so that a few names are common."""

# ruff: noqa: RUF001 - letters of other scripts are what this is about

import random
from collections.abc import Iterator

_LATIN = (
    "ba be bo ca da den do el fa fen gar go hal he ho in is ja jor ka kel la le lin lo ma"
    " mar mi mo na nel no or pa per po ra ren ro sa sel so ta ter to ul va ver vi wen ya zo"
)
_CYRILLIC = "ва го да де зо ил ка ко ла ле ма ми на но ов ол пе ра ро са се та ти фё чу ша"
_DEVANAGARI = "अ आ का गी चा जा ता दा ना पा बा मा मी या रा री ला वा शा सा हा नु सु दे"
_ARABIC = "ا ب ت ج ح د ر ز س ش ع ف ق ك ل م ن ه و ي"
_HAN = "王李张刘陈杨赵黄周吴明华丽伟芳军强磊静洋艳勇杰娟涛秀霞平刚桂英"
_SYLLABLES = {
    "latin": _LATIN.split(" "),
    "cyrillic": _CYRILLIC.split(" "),
    "devanagari": _DEVANAGARI.split(" "),
    "arabic": _ARABIC.split(" "),
    "han": list(_HAN),
}
_SHARES = {"latin": 60, "devanagari": 15, "cyrillic": 10, "arabic": 10, "han": 5}
_ACCENTED = str.maketrans("aeou", "áéöü")


def invented_names(randomness: random.Random, patients: int) -> Iterator[str]:
    """Yield one name after another; families grow in number as a town's do."""
    families = {script: _pool(randomness, script, 40 + patients // 8) for script in _SHARES}
    given = {script: _pool(randomness, script, 40 + patients // 60) for script in _SHARES}
    scripts, shares = list(_SHARES), list(_SHARES.values())
    while True:
        (script,) = randomness.choices(scripts, shares)
        family = _common_first(randomness, families[script])
        first = _common_first(randomness, given[script])
        if script == "han":
            yield family[0] + first[:2]
            continue
        if script == "latin" and randomness.random() < 0.1:
            family = family.translate(_ACCENTED)
        yield f"{first.capitalize()} {family.capitalize()}"


def _pool(randomness: random.Random, script: str, size: int) -> list[str]:
    syllables = _SYLLABLES[script]
    pool: dict[str, None] = {}
    for attempt in range(size):
        length = 2 + (attempt > 60) + (randomness.random() < 0.3)
        pool["".join(randomness.choices(syllables, k=length))] = None
    return list(pool)


def _common_first(randomness: random.Random, pool: list[str]) -> str:
    """Return a name, the early ones of the pool far more often than the late."""
    return pool[int(len(pool) ** randomness.random()) - 1]
