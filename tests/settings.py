"""The project's settings in a throwaway folder: what every test runs under.

`TEST_DATABASE=postgresql` runs the suite on a real PostgreSQL, started once for all of
pytest-xdist's workers; otherwise each process has its own SQLite file, with the same journal and
locks as in use.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.services import postgresql

_folder = Path(tempfile.mkdtemp(prefix="vinculo-test-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for _name in ("REDIS_URL", "EMAIL_URL", "BASE_URL", "DEBUG", "READ_REPLICA_URL", "DATABASE_URL"):
    os.environ.pop(_name, None)
os.environ["VAR_DIR"] = str(_folder)
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ.setdefault("LOG_LEVEL", "WARNING")
if os.environ.get("TEST_DATABASE") == "postgresql":
    os.environ["DATABASE_URL"] = postgresql.shared_url()

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir()
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads of a live server and tests of races need connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
# Where the environment would be changed for a process of its own: tests/config/serving.py.
EMBEDDED_ENVIRONMENT = {"VAR_DIR": str(VAR_DIR)}
