"""The head revision equals the models; up and down restore."""

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa

from legaled import db
from legaled.models import Model


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request, tmp_path):
    """A migrated database of its own, that a test may take apart."""
    url = f"sqlite:///{tmp_path}/x.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database("apart")
    database = db.Database(url)
    db.upgrade(database)
    yield database
    database.close()
    if request.param == "postgresql":
        request.getfixturevalue("postgres").drop_database("apart")


def tables(database):
    return set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_head_equals_the_models(migrated):
    with migrated.engine.connect() as connection:
        context = alembic.migration.MigrationContext.configure(
            connection, opts={"compare_type": True}
        )
        assert alembic.autogenerate.compare_metadata(context, Model.metadata) == []


def test_down_and_up_again(migrated):
    import alembic.command
    import alembic.config

    config = alembic.config.Config()
    config.set_main_option("script_location", str(db.migrations()))
    with migrated.engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "base")
    assert tables(migrated) == set()
    db.upgrade(migrated)
    assert tables(migrated) == set(Model.metadata.tables)


def test_upgrading_twice_changes_nothing(migrated):
    before = tables(migrated)
    db.upgrade(migrated)
    assert tables(migrated) == before


def test_sqlite_is_durable_and_keeps_its_foreign_keys(migrated):
    with migrated.engine.connect() as connection:
        if migrated.sqlite:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "foreign_keys", "journal_mode")
            }
            assert pragmas == {"synchronous": 2, "foreign_keys": 1, "journal_mode": "wal"}
        else:
            committed = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
            assert committed in ("on", "off")  # off only in the throw-away test server
