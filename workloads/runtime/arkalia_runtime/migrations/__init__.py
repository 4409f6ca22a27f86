"""The schema of a module: moved forward before its new pods start, and back when they must go.

`command` is the program `arkalia-migrate`, `revisions` says which steps lead where, `server` does
them in one transaction. A service does not import this package: alembic and SQLAlchemy are loaded
by the migration's Job alone.
"""
