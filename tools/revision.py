"""Write the next migration from the models: `python -m tools.revision 0002 what it is for`."""

import sys
import tempfile
from pathlib import Path

import alembic.command
import alembic.config

from legaled.db import Database, upgrade


def main(number: str, words: str) -> None:
    folder = Path(__file__).resolve().parent.parent / "legaled" / "migrations"
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/scratch.sqlite")
        if any((folder / "versions").glob("*.py")):
            upgrade(database)
        config = alembic.config.Config()
        config.set_main_option("script_location", str(folder))
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            alembic.command.revision(config, words, autogenerate=True, rev_id=number)
        database.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], " ".join(sys.argv[2:]))
