"""Serve the product or the floor with the product's own server settings."""

import sys

from legaled.config import Config
from legaled.server import serve
from tests.load.floor import load as floor

if __name__ == "__main__":
    config = Config.from_env()
    if sys.argv[1] == "floor":
        serve(config, load=floor)
    else:
        serve(config)
