"""Writes Spanish school essays, and the training corpus of the embedded model.

`EssayGrammar` combines frames (`frames/`, for any topic) with what files in `domains/` know about
families of topics; `lexicon.txt` and invented nouns give topics of which nothing is known.
`build.build_corpus` writes the corpus, `headers` the line that a text is asked for with.
"""

from bot.workshop.grammar.build import CorpusReport, build_corpus
from bot.workshop.grammar.headers import FRAMES, frame_prompt, parse_prompt
from bot.workshop.grammar.natural import headed_passages
from bot.workshop.grammar.writer import Essay, EssayGrammar

__all__ = [
    "FRAMES",
    "CorpusReport",
    "Essay",
    "EssayGrammar",
    "build_corpus",
    "frame_prompt",
    "headed_passages",
    "parse_prompt",
]
