# `make run` starts the bot, `make test` checks everything; both install what they need into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help run write serve test check format chaos bench train-embedded judge-embedded judge-candidates check-texts \
  evaluate-embedded chromium postgresql clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 22

run: $(VENV)/.ready  ## Start the bot; without a token, the chat page in the browser
	$(BIN)/redactor run

test: check $(VENV)/.ready-test chromium postgresql  ## Lint, types and all tests
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered

check: $(VENV)/.ready-test  ## Lint and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.ready-test  ## Put the code into its format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

chaos: $(VENV)/.ready-test  ## Kill the bot at every edge of every flow, and look what people got
	$(BIN)/python -m tests.chaos $(ARGS)

bench: $(VENV)/.ready-bench  ## Measure the engine beside its alternatives (about 15 minutes)
	$(BIN)/python -m bot.workshop.benchmark run $(ARGS)

# The model in bot/generation/embedded: what is done and what it takes is told in docs/embedded-model.md.
# It goes on where it stopped; ARGS="--device cuda --processes 12" uses a graphics card.
CORPUS ?= corpus
WORK := .make/embedded
MINUTES ?= 60
STEPS ?= 400

$(WORK)/tokenizer.json: | $(VENV)/.ready
	$(BIN)/python -m bot.workshop.teaching prepare $(WORK) --corpus $(CORPUS)

train-embedded: $(WORK)/tokenizer.json  ## Train the embedded model, with found texts in CORPUS=folder
	$(BIN)/python -m bot.workshop.teaching train $(WORK) --minutes $(MINUTES) $(ARGS)
	$(BIN)/python -m bot.workshop.teaching decay $(WORK) --out $(WORK)/model --steps $(STEPS) $(ARGS)

judge-embedded: $(VENV)/.ready  ## Let the embedded model write on learnt topics and read it
	$(BIN)/python -m bot.workshop.teaching judge bot/generation/embedded $(ARGS)

judge-candidates: $(VENV)/.ready  ## Tell what candidates for each sentence bring and cost
	$(BIN)/python -m bot.workshop.teaching candidates bot/generation/embedded $(ARGS)

check-texts: $(VENV)/.ready-evaluate  ## Check the texts that teach: form, spelling, doubles, fitness
	$(BIN)/python -m bot.workshop.texts.checking

# Other models beside it: MODELS="embedded=bot/generation/embedded before=FOLDER".
MODELS ?= embedded=bot/generation/embedded

evaluate-embedded: $(VENV)/.ready-evaluate  ## Let the embedded model write on topics that it never read, and count
	$(BIN)/python -m bot.workshop evaluate $(MODELS) $(ARGS)

chromium:  ## Install a browser for the tests of the chat page, if there is none
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	if command -v apt-get >/dev/null; then \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium >/dev/null; \
	else echo "Install Chromium or Chrome: the tests of the chat page drive it."; exit 1; fi

postgresql:  ## Install a database server for the tests of PostgreSQL, if there is none
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	if command -v apt-get >/dev/null; then \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq postgresql >/dev/null; \
	else echo "No PostgreSQL: its tests are left out."; fi

clean:  ## Remove the virtual environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# torch comes first, by itself, since its plain name brings gigabytes of CUDA on Linux. A wheel
# that pip was told to find (PIP_FIND_LINKS) is taken; without an NVIDIA card uv knows where the
# small CPU build is; everywhere else the plain name is right.
$(VENV)/.torch:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --upgrade "pip>=25.1"
	$(BIN)/pip install -qq --no-index --no-deps $(TORCH) 2>/dev/null || \
	if [ "$$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null; then \
	  $(BIN)/pip install -qq uv && \
	  $(BIN)/uv pip install -qq --python $(BIN)/python --torch-backend cpu $(TORCH); \
	else $(BIN)/pip install -qq $(TORCH); fi
	touch $@

$(VENV)/.ready: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install -qq --editable .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	$(BIN)/pip install -qq --group test
	touch $@

$(VENV)/.ready-evaluate: $(VENV)/.ready
	$(BIN)/pip install -qq --group evaluate
	touch $@

$(VENV)/.ready-bench: $(VENV)/.ready
	$(BIN)/pip install -qq --group bench
	$(BIN)/pip install -qq "llama-cpp-python==0.3.36" || \
	echo "llama.cpp does not build here (it needs a C++ compiler); the table will say so."
	touch $@
