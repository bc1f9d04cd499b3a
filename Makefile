# make demo: try it · make test: check it · README.md tells the rest.
PYTHON_IN := .venv/bin
PORT ?= 8000
ROOMS := config metrics surveys support crm mail staff
TEMPLATES = $(shell find templates -name '*.html')
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

.PHONY: setup setup-dev installed demo run test lint bench faults lock messages first-tables
.DEFAULT_GOAL := demo

setup: installed $(MESSAGES)

setup-dev: setup
	@bin/setup --dev

installed:
	@bin/setup

%.mo: %.po | installed
	@$(PYTHON_IN)/pybabel --quiet compile --input-file $< --output-file $@

demo: setup
	@exec $(PYTHON_IN)/python manage.py serve --demo --port $(PORT)

run: setup
	@exec $(PYTHON_IN)/python manage.py serve --port $(PORT)

# Everything on SQLite, with a browser: one more at a time than cores, since installations and mail are
# waited for. Then again on PostgreSQL, except what brings its own database or asks none.
test: setup-dev
	@sqlite=0; postgresql=0; \
	echo "On SQLite:"; $(PYTHON_IN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder || sqlite=$$?; \
	echo "On PostgreSQL:"; TEST_DATABASE=postgresql $(PYTHON_IN)/pytest -q -n 2 --dist loadfile -m "not once and not browser and not faults" || postgresql=$$?; \
	exit $$((sqlite + postgresql))

lint: setup-dev
	$(PYTHON_IN)/ruff check .
	$(PYTHON_IN)/ruff format --check .
	$(PYTHON_IN)/mypy $(ROOMS) benchmarks
	$(PYTHON_IN)/lint-imports --no-logo
	$(PYTHON_IN)/djade --check --target-version 5.2 $(TEMPLATES)
	$(PYTHON_IN)/djlint --lint --quiet templates
	$(PYTHON_IN)/python manage.py makemigrations --check --dry-run
	$(PYTHON_IN)/python bin/check-messages

bench: setup
	@EXTRAS="bench $(EXTRAS)" bin/setup --dev
	$(PYTHON_IN)/python -m benchmarks $(BENCH)

# After new migrations, so that new installations on SQLite begin with what they made.
first-tables: setup-dev
	$(PYTHON_IN)/python bin/write-first-tables

# Kills and fuzzing, for minutes.
faults: setup-dev
	$(PYTHON_IN)/pytest -q -m faults

# Versions and hashes, never where they came from. UPGRADE= keeps what is pinned already.
UPGRADE ?= --upgrade
lock: setup-dev
	$(PYTHON_IN)/python -m pip install --quiet --disable-pip-version-check uv
	for name in requirements requirements-amazon-ses requirements-resend requirements-clv requirements-pdf requirements-dev requirements-bench; do \
		$(PYTHON_IN)/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
			--no-header --no-emit-index-url $$name.in --output-file $$name.txt || exit 1; \
	done

messages: setup-dev
	@command -v xgettext >/dev/null || { echo "make messages needs gettext (apt-get install gettext)."; exit 1; }
	$(PYTHON_IN)/python manage.py makemessages --locale es --locale pt_BR --no-wrap --add-location file \
		--ignore '.venv/*' --ignore 'staticfiles/*' --ignore 'tests/*' --ignore 'var/*'
