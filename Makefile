# Two commands do everything: `make demo` runs the main job, `make test` proves it.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REQUIREMENTS := requirements-dev.txt requirements.txt worker_image/requirements.txt \
	worker_image/requirements-parquet.txt
UNITS ?=
# NumPy as old as there is for Python 3.11 and 3.12, the first 2.x, and the pinned one.
NUMPYS := 1.26.4 2.0.2 $(shell sed -n 's/^numpy==//p' worker_image/requirements.txt)
CHECKOV := 3.3.30
# Fuzzing that is led by the branches an input takes; no test needs it.
ATHERIS := 3.0.0

# What Azure runs the app on, and the versions of the Durable SDK that are tried there.
PYTHON_IN_AZURE = $(shell for python in python3.13 $$(pyenv root 2>/dev/null)/versions/3.13.*/bin/python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null \
	&& { echo $$python; break; }; done)
DURABLE := 1 2
PACKAGE := .local/package/app.zip

.PHONY: demo browser faketime buildah image test test-long test-image test-api test-numpy \
	test-functions-worker package deploy-check simulate chaos fuzz check check-infra bench-api \
	bench-generate bench-image bench-ingest bench-large bench-unique bench-sizes bench-telemetry \
	bench-scaling bench-saturation headline docs dataset-docs up down clean

demo: $(STAMP)  ## the main job, from the HTTP start to the checked rows: make demo UNITS=6000
	@$(BIN)/python -m local_host demo $(if $(UNITS),--units $(UNITS))

# Each half on services of its own; the slow files come first, so that both end together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: $(STAMP)  ## unit and integration tests, and whole runs under failures, on real local services
	@$(PYTEST) -m "not long and not deployed and not image"

test-long: $(STAMP) browser faketime  ## all other end-to-end tests: every user story, the browser, the API
	@$(PYTEST) -m "long and not image"

test-image: $(STAMP) buildah  ## the worker's image, built and run: its contents, its containers, whole runs
	@# One at a time: they share a store of images, and look for what is left in it.
	@$(BIN)/python -m pytest -m image --timeout 900

image: $(STAMP) buildah  ## the worker's image for `up --engine buildah`, on a Debian made here
	@$(BIN)/python -m local_host image

test-api: $(STAMP)  ## the HTTP API against its own document: thousands of drawn calls
	@$(BIN)/python -m pytest -q tests/api

test-numpy: $(NUMPYS:%=.local/numpy/%)  ## the same bytes on old and new NumPy, each installed apart
	@for version in $^; do PYTHONPATH=.:tests $$version/bin/python -m support.golden || exit 1; done

# Without that Python there is nothing to try: Microsoft's library needs it.
test-functions-worker: $(STAMP)  ## the deployed app under Microsoft's worker library, on both Durable SDKs
	@if test -n "$(PYTHON_IN_AZURE)"; then \
		$(MAKE) -s $(DURABLE:%=.local/functions-worker/%) .local/functions-worker/library \
		&& $(BIN)/python -m pytest -q tests/functions_worker; \
	else echo "no Python 3.13: the app is not tried under Microsoft's worker library"; fi

package: $(STAMP)  ## what is sent to Azure, zipped
	@$(BIN)/python -m deployment.package $(PACKAGE)

deploy-check: package .local/functions-worker/1  ## the package: its content, its imports, its settings
	@$(BIN)/python -m pytest -q tests/deployment/test_package.py tests/deployment/test_imports.py

simulate: $(STAMP)  ## 100,000 runs with faults in virtual time: make simulate RUNS=1000 FIRST=5
	@PYTHONPATH=.:tests $(BIN)/python -m simulation run --runs $(or $(RUNS),100000) \
		--first $(or $(FIRST),0)

chaos: $(STAMP) faketime  ## runs on the local host while everything breaks: make chaos MINUTES=60 SEED=5
	@PYTHONPATH=.:tests $(BENCHMARK) chaos run --minutes $(or $(MINUTES),10) \
		$(if $(SEED),--seed $(SEED))

fuzz: $(STAMP) .local/atheris/$(ATHERIS)  ## a million inputs for all that reads what comes from outside
	@PYTHONPATH=.:tests:.local/atheris/$(ATHERIS) $(BENCHMARK) fuzzing .local/fuzzing \
		$(if $(SHARE),--share $(SHARE))

# Each replaces its section of benchmarks/RESULTS.md, under the command as it was typed.
BENCHMARK = ACI_JOBS_BENCHMARK="make $@$(if $(MINUTES), MINUTES=$(MINUTES))$(if $(UNITS), UNITS=$(UNITS))$(if $(MB), MB=$(MB))$(if $(SHARE), SHARE=$(SHARE))" $(BIN)/python -m

bench-generate: $(STAMP)  ## the generator beside its peers: one run, one table, targets judged
	@$(BENCHMARK) benchmarks.generate

bench-image: image  ## the image's layers, and how soon a container does its first unit; targets judged
	@$(BENCHMARK) benchmarks.image

bench-ingest: $(STAMP)  ## the loader beside COPY alone and its peers: one run, one table, targets judged
	@$(BENCHMARK) benchmarks.ingest

bench-large: $(STAMP)  ## a document of 1 GB loaded in little memory: make bench-large MB=100
	@$(BENCHMARK) benchmarks.large_document $(if $(MB),--mb $(MB))

bench-unique: $(STAMP)  ## 20 million keys and unique values, each looked at
	@$(BENCHMARK) benchmarks.unique

bench-api: $(STAMP) browser  ## how soon people are answered, with 500 runs and 6,000 units
	@PYTHONPATH=.:tests $(BENCHMARK) benchmarks.api

headline: $(STAMP)  ## the job of 22 million records beside what one would otherwise do: make headline UNITS=600
	@$(BENCHMARK) benchmarks.headline $(if $(UNITS),--units $(UNITS))

bench-scaling: $(STAMP)  ## 1 to 8 workers on this machine, behind a network that takes 10 ms a call
	@$(BENCHMARK) benchmarks.scaling

bench-saturation: $(STAMP)  ## a million units on 100 container groups, simulated: which limit of Azure ends it
	@PYTHONPATH=.:tests $(BENCHMARK) benchmarks.saturation

bench-sizes: $(STAMP)  ## what a run costs the control plane, from 6,000 to 1,000,000 units
	@PYTHONPATH=.:tests $(BENCHMARK) benchmarks.sizes

bench-telemetry: $(STAMP)  ## what telemetry costs a worker: share 0.05 judged, share 1.0 shown
	@PYTHONPATH=.:tests $(BENCHMARK) benchmarks.telemetry

docs: dataset-docs  ## what the code itself says in the pages: also settings, costs, limits, deployment
	@$(BIN)/python -m local_host docs
	@PYTHONPATH=.:tests $(BIN)/python -m support.deploy_page

dataset-docs: $(STAMP)  ## the reference of the dataset language and its schema, from the code
	@$(BIN)/python -m command_line dataset reference > docs/dataset-reference.md
	@$(BIN)/python -m command_line dataset schema > docs/dataset.schema.json

check: $(STAMP)  ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/hadolint worker_image/Dockerfile examples/*/Dockerfile

check-infra: .local/checkov/$(CHECKOV)  ## the Bicep of infra/, scanned for what is unsafe
	@$</bin/python -m checkov.main --config-file infra/.checkov.yaml --directory infra

up: $(STAMP)  ## start everything and leave it running
	@$(BIN)/python -m local_host up

down: $(STAMP)  ## stop what `up` or a killed demo left running
	@$(BIN)/python -m local_host down

clean: down  ## forget all local state
	rm -rf .local

# Apart from the rest, as it pins much that the product has in other versions. The parser that it
# pins is too old for lambdas, and a file that it cannot parse it passes over.
.local/checkov/%: requirements-dev.txt
	$(PYTHON) -m venv $@.new
	$@.new/bin/pip install --quiet --disable-pip-version-check checkov==$*
	$@.new/bin/pip install --quiet --disable-pip-version-check --no-deps \
		$$(grep '^pycep-parser==' requirements-dev.txt)
	rm -rf $@ && mv $@.new $@ && touch $@

# The dashboard's tests need Chromium, from the system's packages; without it they are skipped.
browser:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends chromium >/dev/null; } \
		|| echo "no Chromium: the dashboard is not tested in a browser" >&2

# The image's tests need buildah and debootstrap, from the system's packages; without them they are
# skipped, and fail in CI.
buildah:
	@{ command -v buildah && command -v debootstrap; } >/dev/null || { test "$$(id -u)" = 0 \
		&& apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends buildah debootstrap >/dev/null; } \
		|| echo "no buildah: the image is neither built nor tested" >&2

# Workers whose clocks are wrong; without it they are right.
faketime:
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { test "$$(id -u)" = 0 \
		&& apt-get update -qq && apt-get install -qq -y --no-install-recommends libfaketime >/dev/null; } \
		|| echo "no libfaketime: the clocks of workers stay right" >&2

.local/atheris/%:
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $@.new atheris==$*
	mv $@.new $@

.local/numpy/%: worker_image/requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $@.new
	$@.new/bin/pip install --quiet --disable-pip-version-check numpy==$* \
		$$(grep -hE '^(pydantic|pyyaml|faker|zstandard|pytest)==' $^)
	rm -rf $@ && mv $@.new $@ && touch $@

# The app's requirements alone; version 2 of the SDK takes the place of what they say of it.
.local/functions-worker/library: tests/functions_worker/requirements-library.txt .local/functions-worker/1
	rm -rf $@.new && .local/functions-worker/1/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --target $@.new --requirement $<
	rm -rf $@ && mv $@.new $@ && touch $@

.local/functions-worker/%: requirements.txt tests/functions_worker/requirements-%.txt
	$(or $(PYTHON_IN_AZURE),$(PYTHON)) -m venv $@.new
	sed -n 's/==.*/==/p' tests/functions_worker/requirements-$*.txt > $@.new/replaced
	grep -vFf $@.new/replaced requirements.txt | cat - tests/functions_worker/requirements-$*.txt \
		> $@.new/requirements.txt
	$@.new/bin/python -m pip install --quiet --disable-pip-version-check --requirement $@.new/requirements.txt
	rm -rf $@ && mv $@.new $@ && touch $@

$(STAMP): $(REQUIREMENTS) pyproject.toml local_host/services/azurite/package-lock.json
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@# The command `aci-jobs`, which runs what is in this folder.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m local_host setup
	@touch $@
