"""Writes Spanish school essays, and the training corpus of the embedded model.

`EssayGrammar` combines templates (`templates/`, for any topic) with what files in `domains/` know
about families of topics; `lexicon.txt` and invented nouns give topics of which nothing is known.
`build.build_corpus` writes the corpus, `headers` the line that a text is asked for with.
"""
