# `make run` starts the bot, `make test` checks everything; both install what they need into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help run write serve test test-scale coverage check format chaos bench train-embedded judge-embedded judge-candidates check-texts \
  evaluate-embedded chromium postgresql lock audit licences test-clients clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 22

run: $(VENV)/.ready  ## Start the bot; without a token, the chat page in the browser
	$(BIN)/redactor run

test: check $(VENV)/.ready-test chromium postgresql  ## Lint, types and all tests
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-scale: $(VENV)/.ready-test postgresql  ## Two bots, a standby, two services, one PostgreSQL, 20 classes: kill and restart
	SCALE_CLASSES=20 $(BIN)/pytest tests/e2e/test_scale.py $(ARGS)

coverage: $(VENV)/.ready-test chromium postgresql  ## All tests, and which lines they do not reach
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered

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

# The exact packages, with the hashes of their files, that `make run` and the images install. torch
# stands apart, since which build of it is right depends on the machine.
LOCK = $(TOOLS)/bin/uv pip compile --universal --python-version 3.11 --quiet \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade \
  $(foreach name,$(APART),--no-emit-package $(name))
TOOLS := .make/tools
APART := torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti \
  nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile \
  nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 \
  nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx

lock: $(TOOLS)/.ready  ## Write the newest fitting packages and their hashes into requirements*.txt
	@$(LOCK) pyproject.toml --extra postgres -o requirements.txt
	@echo "psycopg[binary]>=3.2" | $(LOCK) --group front -o requirements-front.txt -

audit: $(TOOLS)/.ready  ## Ask whether a known hole is in the packages that are installed
	@$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt || \
	{ echo "make audit: a hole above, or the database of holes cannot be reached: not audited."; exit 1; }

licences: $(TOOLS)/.ready $(VENV)/.ready  ## List the packages' licences in docs/licences.md
	@{ cat docs/licences.head.md; $(TOOLS)/bin/pip-licenses --python $(BIN)/python --from mixed \
	  --format markdown --packages torch $$(sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' requirements.txt | sort -u); \
	} > docs/licences.md

# Each in turn: what cannot be installed here is said in the table, and the others are tried.
CLIENTS := .make/clients

test-clients: $(VENV)/.ready $(CLIENTS)/.ready  ## Let other people's clients ask the service
	$(BIN)/python -m tests.clients $(CLIENTS)

$(CLIENTS)/.ready: tests/clients/requirements.txt $(TOOLS)/.ready
	$(PYTHON) -m venv $(CLIENTS)
	while read package; do \
	  $(TOOLS)/bin/uv pip install -q --python $(CLIENTS)/bin/python "$$package" || \
	  echo "No $$package here."; \
	done < $<
	npm install --silent --prefix $(CLIENTS) openai || echo "No npm here."
	touch $@

$(TOOLS)/.ready:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -qq uv pip-audit pip-licenses
	touch $@

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

# Where a pinned file cannot be had, what pyproject.toml asks for is as good; where one is not what
# was pinned, nothing is installed.
$(VENV)/.ready: $(VENV)/.torch pyproject.toml requirements.txt
	$(BIN)/pip install -qq --no-deps --require-hashes -r requirements.txt 2>$(VENV)/pinned.log || \
	{ ! grep -q "DO NOT MATCH" $(VENV)/pinned.log || { cat $(VENV)/pinned.log; exit 1; }; \
	  echo "Not every pinned package can be had here; installing what pyproject.toml asks for."; }
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
