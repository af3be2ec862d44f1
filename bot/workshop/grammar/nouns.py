"""Nouns with gender and number, and the agreement of Spanish words with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MASCULINE_SINGULAR, FEMININE_SINGULAR, MASCULINE_PLURAL, FEMININE_PLURAL = range(4)

KINDS = frozenset(
    [
        "idea",
        "naturaleza",
        "lugar",
        "cosa",
        "tecnica",
        "animal",
        "planta",
        "gente",
        "actividad",
        "accion",
        "comida",
        "tiempo",
        "arte",
        "saber",
        "persona",
        "ciudad",
        "cualquiera",
    ]
)
"""What a topic can be; `cualquiera` is a noun of which nothing else is known."""

BARE_KINDS = frozenset({"accion", "persona", "ciudad"})
"""Kinds whose nouns stand without an article."""

_ARTICLES = {
    "el": MASCULINE_SINGULAR,
    "la": FEMININE_SINGULAR,
    "los": MASCULINE_PLURAL,
    "las": FEMININE_PLURAL,
}
_INDEFINITE = ("un", "una", "unos", "unas")

AGREEMENTS: dict[str, tuple[str, str, str, str]] = {
    "o": ("o", "a", "os", "as"),
    "s": ("", "", "s", "s"),
    "n": ("", "", "n", "n"),
    "es": ("es", "es", "son", "son"),
    "el": ("el", "la", "los", "las"),
    "un": ("un", "una", "unos", "unas"),
    "este": ("este", "esta", "estos", "estas"),
    "ese": ("ese", "esa", "esos", "esas"),
    "lo": ("lo", "la", "los", "las"),
    "le": ("le", "le", "les", "les"),
    "él": ("él", "ella", "ellos", "ellas"),
    "todo": ("todo", "toda", "todos", "todas"),
    "mucho": ("mucho", "mucha", "muchos", "muchas"),
    "ha": ("ha", "ha", "han", "han"),
    "era": ("era", "era", "eran", "eran"),
    "fue": ("fue", "fue", "fueron", "fueron"),
    "está": ("está", "está", "están", "están"),
    "tiene": ("tiene", "tiene", "tienen", "tienen"),
    "puede": ("puede", "puede", "pueden", "pueden"),
    "hace": ("hace", "hace", "hacen", "hacen"),
    "da": ("da", "da", "dan", "dan"),
    "va": ("va", "va", "van", "van"),
}
"""Slots that agree with a noun: masculine and feminine singular, then the same in the plural."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun that an essay can be about.

    Attributes:
        bare: The noun without article, as written inside a sentence.
        agreement: 0 and 1 masculine and feminine singular, 2 and 3 the same in the plural.
        kind: One of `KINDS`.
        bad: Whether it names something that nobody wants.
        takes_el: Whether it is a feminine word with the article *el* (`el agua`).
        article: Whether it stands with an article; not so names and words like `internet`.
    """

    bare: str
    agreement: int
    kind: str = "cualquiera"
    bad: bool = False
    takes_el: bool = False
    article: bool = True

    @property
    def has_article(self) -> bool:
        """Whether the noun is used with an article."""
        return self.article and self.kind not in BARE_KINDS

    @property
    def definite(self) -> str:
        """The noun with its definite article (`el agua`), or alone when it takes none."""
        if not self.has_article:
            return self.bare
        if self.takes_el:
            return f"el {self.bare}"
        return f"{AGREEMENTS['el'][self.agreement]} {self.bare}"

    @property
    def indefinite(self) -> str:
        """The noun with *un* or *una* (`un agua`), or alone when it takes no article."""
        if not self.has_article:
            return self.bare
        if self.takes_el:
            return f"un {self.bare}"
        return f"{_INDEFINITE[self.agreement]} {self.bare}"


def parse_noun(text: str) -> Noun:
    """Reads a topic as domain files write it: `el agua (f): naturaleza, malo`.

    Raises:
        ValueError: If the kind is unknown, or an article is missing where the kind takes one.
    """
    words, _, labels = text.partition(":")
    kind, *rest = [label.strip() for label in labels.split(",")] if labels else ["cualquiera"]
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r} in topic {text!r}")
    words = words.strip()
    feminine = words.endswith("(f)")
    if feminine:
        words = words[:-3].strip()
    bad = "malo" in rest
    if kind in BARE_KINDS or " " not in words or words.startswith("mi "):
        agreement = FEMININE_SINGULAR if feminine else MASCULINE_SINGULAR
        return Noun(words, agreement, kind, bad, article=False)
    article, _, bare = words.partition(" ")
    if article not in _ARTICLES or not bare:
        raise ValueError(f"topic {text!r} lacks its article")
    agreement = FEMININE_SINGULAR if feminine else _ARTICLES[article]
    return Noun(bare, agreement, kind, bad, takes_el=feminine and article == "el")


_PLURALS = {"joven": "jóvenes", "común": "comunes"}


@lru_cache(maxsize=4096)
def inflect(adjective: str) -> tuple[str, str, str, str]:
    """Gives the four forms of an adjective from its masculine singular, or from `ms/fs/mp/fp`."""
    if "/" in adjective:
        forms = adjective.split("/")
        if len(forms) != 4:
            raise ValueError(f"adjective {adjective!r} needs four forms")
        return (forms[0], forms[1], forms[2], forms[3])
    head, _, tail = adjective.partition(" ")
    if head in {"lleno", "capaz", "difícil", "fácil", "digno", "parte"} and tail:
        first = inflect(head)
        return (
            f"{first[0]} {tail}",
            f"{first[1]} {tail}",
            f"{first[2]} {tail}",
            f"{first[3]} {tail}",
        )
    if adjective.endswith("o"):
        stem = adjective[:-1]
        return (adjective, stem + "a", stem + "os", stem + "as")
    if adjective.endswith(("dor", "tor", "sor")):
        return (adjective, adjective + "a", adjective + "es", adjective + "as")
    if adjective.endswith("z"):
        plural = adjective[:-1] + "ces"
    elif adjective[-1] in "aeé":
        plural = adjective + "s"
    else:
        plural = adjective + "es"
    for accented, plain in (("én", "en"), ("ón", "on"), ("és", "es"), ("ín", "in")):
        if adjective.endswith(accented):
            stem = adjective[:-2] + plain
            return (adjective, stem + "a", stem + "es", stem + "as")
    plural = _PLURALS.get(adjective, plural)
    return (adjective, adjective, plural, plural)
