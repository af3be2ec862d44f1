"""Natural passages, filtered for young readers, headed by a topic from their own words."""

from __future__ import annotations

import lzma
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.workshop.grammar.headers import frame_prompt, round_words
from bot.workshop.grammar.heldout import is_held_out, names_unseen
from bot.workshop.grammar.lexicon import Lexicon
from bot.workshop.grammar.nouns import Noun

HELD_OUT_PER_THOUSAND = {"fiction": 12, "redacciones": 40, "textbooks": 50}
"""How many records of a thousand are held out; the small groups give more, to be measurable."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus folder.

    Attributes:
        name: File name.
        group: Which held-out file its passages belong to: redacciones, textbooks or fiction.
        times: How often its passages are used, each time cut and headed anew.
        unknown_share: Greatest share of words that hardly occur elsewhere.
    """

    name: str
    group: str
    times: int
    unknown_share: float


SOURCES = (
    Source("redacciones_corregidas.txt.xz", "redacciones", 8, 0.06),
    Source("manual_fisica.txt.xz", "textbooks", 3, 0.03),
    Source("manual_estadistica.txt.xz", "textbooks", 3, 0.03),
    Source("manual_quimica.txt.xz", "textbooks", 3, 0.03),
    Source("cuentos_1880-1940.txt.xz", "fiction", 2, 0.03),
    Source("novelas_1880-1940.txt.xz", "fiction", 2, 0.03),
    Source("novelas_1840-1920.txt.xz", "fiction", 2, 0.025),
    Source("novelas_americanas_s19.txt.xz", "fiction", 1, 0.02),
)
"""What is used; not the presidential addresses: no licence is stated, and they are politics."""

_UNFIT = (
    r"mat[aoóé]\b|matar|matad|asesin|degüell|degoll|cadáver|ahorc|fusil|verdug|tortur|puñal|navaj|cuchillad|ensangr|"
    r"suicid|estrangul|envenen|homicid|violaci|violad[ao]|violarl|forz[oó]\b|rapto\b|raptó|desnud|senos?\b|muslos|"
    r"lujuri|lascivi|voluptu|sensual|carnal|deshonr|adulter|adúlter|concubin|ramer|prostit|burdel|lecho|sexo\b|sexual|"
    r"virgin|negros|negras|mulat|esclav|judí|gitan|salvaj|moros?\b|herej|raza|mariquita?s?\b|afemin|marica|puta|putos?\b|"
    r"hideput|cabr[oó]n|carajo|coño|mierd|borrach|embriag|aguardient|taberna|cigarr|opio\b|blasfem|maldit|látigo|"
    r"latigaz|azot[aeó]|cadalso|patíbul|metrall|cocaín|marihuan|drogadic|drogas|pornogr|terroris|nazi|hitler|trump|"
    r"hembra|imbécil|idiota|estúpid|tetas?\b|nalgas|caderas|orgasm|aborto|cerveza|licor|fumar|bikini|sexy|crápula|"
    r"indígen|comunis|pistol|revólver|escopet|disparo|crimin"
)
"""Beginnings of words that keep a passage out: violence, sensuality, drink, slurs, politics."""

_UNFIT_IN_FICTION = (
    r"amante|querida|besos?\b|bes[óa]ba|bes[óo]\b|alcoba|pechos|vientre|negr[ao]\b|indi[oa]s?\b|chin[oa]s?\b|criad[ao]s?\b|"
    r"sangr|herid|crimen|guerra|batalla|soldad|enemig|ejército|cañ[oó]n|bala[sz]?\b|bomba|armas?\b|pelea|muert|murió|tumba|"
    r"moribund|prostr|demonio|diablo|infern|infierno|venen|loc[ao]s?\b|celos|venganza|odio|ira\b|cólera|bruj[ao]|tabaco|"
    r"vicio|seduc|"
    r"deseo carnal|honra|marid|esposa|adúl|miserable|infame|canalla|populacho|plebe|marqués|duque|"
    r"general\b"
)
_FILTERS = {
    "fiction": re.compile(rf"(?<!\w)(?:{_UNFIT}|{_UNFIT_IN_FICTION})", re.IGNORECASE),
    "redacciones": re.compile(rf"(?<!\w)(?:{_UNFIT})", re.IGNORECASE),
    "textbooks": re.compile(rf"(?<!\w)(?:{_UNFIT})", re.IGNORECASE),
}
"""What is looked for, by group; old fiction is filtered more strictly."""

_ODD = re.compile(
    r"[^\w\s.,;:¿?¡!()«»“”\"'’—–\-…%ºª/°+=]|[a-zñ][A-Z]|\w\d[a-z]|[a-z]\d\w|[.,] [.,]|_"
)
_WORD = re.compile(r"[a-záéíóúüñ]+")
_WORDS = re.compile(r"[A-Za-zÁÉÍÓÚÜÑáéíóúüñ]+")
_TORN = re.compile(
    r"(?<!\w)(?:la|el|los|las|en|de|y|que|por) [.,;)]|\(\)|=|\b\w\d|\d\w\b|Ejemplo resuelto"
)
"""Marks of formulas and cross-references that were lost."""
_DANGLING = re.compile(r"(?: [oyaen]| donde| es| de| por| la| el| que| como|:|,|;)$")


class Vocabulary:
    """Counts of lower-case words over the corpus, to tell words from noise."""

    def __init__(self, counts: Counter[str], least: int = 6) -> None:
        self._known = frozenset(word for word, count in counts.items() if count >= least)

    def unknown_share(self, text: str) -> float:
        """Share of lower-case words of a text that hardly occur in the corpus, 0 to 1."""
        words = _WORD.findall(text)
        if not words:
            return 1.0
        known = self._known
        return sum(word not in known for word in words) / len(words)


def read_source(corpus_dir: Path, source: Source) -> list[str]:
    """Reads the records of one file."""
    with lzma.open(corpus_dir / source.name, "rt", encoding="utf-8") as file:
        return [record.strip() for record in file.read().split("\f") if record.strip()]


def count_words(corpus_dir: Path) -> Vocabulary:
    """Counts the words of all sources."""
    counts: Counter[str] = Counter()
    for source in SOURCES:
        for record in read_source(corpus_dir, source):
            counts.update(_WORD.findall(record))
    return Vocabulary(counts)


def is_fit(text: str, vocabulary: Vocabulary, source: Source) -> bool:
    """Whether a passage may teach a model that minors read: nothing unfit, little noise."""
    return (
        text[0].isupper()
        and text[-1] in ".!?»"
        and _FILTERS[source.group].search(text) is None
        and (source.group != "textbooks" or _TORN.search(text) is None)
        and len(_ODD.findall(text)) <= len(text) // 1500
        and vocabulary.unknown_share(text) <= source.unknown_share
        and not names_unseen(text)
    )


def cut_passages(
    record: str, rng: random.Random, source: Source, longest: int = 380
) -> Iterator[str]:
    """Cuts a record at its line ends and around unfit lines: passages of 30 to `longest` words."""
    unfit = _FILTERS[source.group]
    paragraphs: list[str] = []
    words = 0
    limit = 90 + int(rng.random() * (longest - 90))
    for line in record.split("\n"):
        line = " ".join(line.split())
        count = line.count(" ") + 1
        broken = (
            not line
            or not (line[0].isupper() or line[0] in '¿¡«"—')
            or _DANGLING.search(line)
            or unfit.search(line)
            or (source.group == "textbooks" and _TORN.search(line))
        )
        if paragraphs and (broken or words + count > limit):
            if words >= 30:
                yield "\n\n".join(paragraphs)
            paragraphs, words = [], 0
            limit = 90 + int(rng.random() * (longest - 90))
        if not broken and count <= longest:
            paragraphs.append(line)
            words += count
    if words >= 30:
        yield "\n\n".join(paragraphs)


class TopicFinder:
    """Finds the nouns that a passage is about.

    Args:
        lexicon: Nouns that may head a passage.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._nouns: dict[str, Noun] = {
            noun.bare: noun for noun in (*lexicon.known, *lexicon.plain) if noun.has_article
        }

    def find(self, text: str, rng: random.Random) -> str | None:
        """Draws a topic line from the nouns that a passage repeats; None if it repeats none."""
        counts = Counter(word for word in _WORDS.findall(text) if word in self._nouns)
        repeated = [word for word, count in counts.items() if count > 1]
        weights = [counts[word] ** 2 for word in repeated]
        if not repeated:
            return None
        first = self._nouns[rng.choices(repeated, weights)[0]]
        second = self._nouns[rng.choices(repeated, weights)[0]]
        draw = rng.random()
        if second.bare != first.bare and draw < 0.45:
            topic = f"{first.definite} y {second.definite}"
        elif draw < 0.6:
            topic = first.bare
        else:
            topic = first.definite
        return topic if rng.random() < 0.3 else topic[0].upper() + topic[1:]


@dataclass(frozen=True, slots=True)
class Passage:
    """A natural passage.

    Attributes:
        group: As in `Source`.
        held_out: Whether it must not be trained on.
        record: The passage, under its header if it has one.
    """

    group: str
    held_out: bool
    record: str


def headed_passages(
    corpus_dir: Path,
    rng: random.Random,
    *,
    unheaded_share: float = 0.25,
    held_out_per_thousand: Mapping[str, int] = HELD_OUT_PER_THOUSAND,
    sources: tuple[Source, ...] = SOURCES,
    vocabulary: Vocabulary | None = None,
    times: int = 1,
) -> Iterator[Passage]:
    """Yields the fit passages of the corpus, most of them under a header.

    Args:
        corpus_dir: Folder with the files of `SOURCES`.
        rng: Source of chance for cuts and topics.
        unheaded_share: Share of passages that come without a header.
        held_out_per_thousand: By group, how many records of a thousand are held out; their text
            decides which.
        sources: What to read.
        vocabulary: Counts over the whole corpus, if they are at hand.
        times: Multiplies how often each source is used.
    """
    vocabulary = vocabulary or count_words(corpus_dir)
    finder = TopicFinder(Lexicon.load())
    for source in sources:
        for record in read_source(corpus_dir, source):
            held_out = is_held_out(record, held_out_per_thousand[source.group])
            for _ in range(1 if held_out else source.times * times):
                for text in cut_passages(record, rng, source):
                    if not is_fit(text, vocabulary, source):
                        continue
                    topic = None if rng.random() < unheaded_share else finder.find(text, rng)
                    words = round_words(len(text.split()))
                    head = "" if topic is None else frame_prompt("texto", topic, words)
                    yield Passage(source.group, held_out, head + text)
