"""Alembic's entry: runs on the connection that `legaled.db.upgrade` hands over."""

from alembic import context

from legaled.models import Model


def render(kind, item, autogen):
    """Write our own column types as what they are in the database."""
    from legaled.models.base import RoleSet, UtcDateTime

    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, RoleSet):
        return "sa.String(length=100)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,
    render_item=render,
    compare_type=True,
)
context.run_migrations()
