"""Real services for tests: PostgreSQL and Valkey from wheels, a mail server, Chromium."""
