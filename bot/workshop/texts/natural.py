"""Natural passages, filtered for young readers, headed by a topic from their own words."""

from __future__ import annotations

import lzma
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.workshop.texts.cards import Card
from bot.workshop.texts.headers import WORDS_STEP


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus folder.

    Attributes:
        name: File name.
        group: How strictly it is filtered: redacciones, textbooks or fiction.
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
_NOUN = re.compile(r"(?:el|la|los|las) ([a-záéíóúüñ]+)")
_HEADER = "Texto de {words} palabras.\nTema: {topic}\n\n"
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


def count_words(corpus_dir: Path, sources: tuple[Source, ...]) -> Vocabulary:
    """Counts the words of the sources."""
    counts: Counter[str] = Counter()
    for source in sources:
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
        cards: Those whose topic is one noun with its article name the nouns that may head a text.
    """

    def __init__(self, cards: Iterable[Card]) -> None:
        found = (_NOUN.fullmatch(card.topic) for card in cards)
        self._nouns = {match[1]: match[0] for match in found if match}

    def find(self, text: str, rng: random.Random) -> str | None:
        """Draws a topic from the nouns that a passage repeats; None if it repeats none."""
        counts = Counter(word for word in _WORD.findall(text) if word in self._nouns)
        repeated = [word for word, count in counts.items() if count > 1]
        if not repeated:
            return None
        weights = [counts[word] ** 2 for word in repeated]
        first, second = rng.choices(repeated, weights, k=2)
        draw = rng.random()
        if second != first and draw < 0.45:
            topic = f"{self._nouns[first]} y {self._nouns[second]}"
        else:
            topic = first if draw < 0.6 else self._nouns[first]
        return topic if rng.random() < 0.3 else topic[0].upper() + topic[1:]


def headed_passages(
    corpus_dir: Path,
    cards: Iterable[Card],
    rng: random.Random,
    *,
    unheaded_share: float = 0.25,
    sources: tuple[Source, ...] = SOURCES,
) -> Iterator[str]:
    """Yields the fit passages of the corpus, most of them under a header.

    Args:
        corpus_dir: Folder with the files of `SOURCES`.
        cards: Their topics head the passages.
        rng: Source of chance for cuts and topics.
        unheaded_share: Share of passages that come without a header.
        sources: What to read.
    """
    vocabulary = count_words(corpus_dir, sources)
    finder = TopicFinder(cards)
    for source in sources:
        for record in read_source(corpus_dir, source) * source.times:
            for text in cut_passages(record, rng, source):
                if not is_fit(text, vocabulary, source):
                    continue
                topic = None if rng.random() < unheaded_share else finder.find(text, rng)
                words = max(1, round(len(text.split()) / WORDS_STEP)) * WORDS_STEP
                head = "" if topic is None else _HEADER.format(words=words, topic=topic)
                yield head + text
