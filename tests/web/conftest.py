"""People, a bank and a count of what is in the banks, for the pages about banks."""

import pytest
import sqlalchemy as sa

from legaled.domain.permissions import Role
from legaled.models import Bank, Question, QuestionVersion
from tests import factories


@pytest.fixture
def people(database):
    """The ids of two trainers, somebody of the office and a member of staff."""
    with database.write() as session:
        unit = factories.unit(session)
        roles = {"t1": Role.TRAINER, "t2": Role.TRAINER, "office": Role.OFFICE, "s": Role.STAFF}
        return {
            number: factories.person(session, number, unit, role, name=f"姓名{number}").id
            for number, role in roles.items()
        }


@pytest.fixture
def trainer(browse, people):
    return browse(people["t1"])


@pytest.fixture
def other(browse, people):
    return browse(people["t2"])


@pytest.fixture
def bank_id(database):
    with database.write() as session:
        return factories.bank(session, "档案法").id


@pytest.fixture
def content(database):
    """How many banks, questions and versions there are."""

    def count():
        with database.read() as session:
            return [session.scalar(sa.select(sa.func.count()).select_from(model))
                    for model in (Bank, Question, QuestionVersion)]

    return count
