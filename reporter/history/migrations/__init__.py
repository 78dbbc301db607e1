"""Alembic's migrations; `schema.prepare` runs them, from wherever the package lies."""
