import pytest

from legaled import create_app
from legaled.config import Config


@pytest.fixture(scope="session")
def app_without_database(tmp_path_factory):
    """The application; nothing here touches its database."""
    folder = tmp_path_factory.mktemp("instance")
    return create_app(Config(secret_key="t", instance=folder, testing=True, log_level="CRITICAL"))
