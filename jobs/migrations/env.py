"""Run by Alembic. The connection comes from `jobs.database`, inside its transaction: all of a migration or none."""

from alembic import context

from jobs.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
