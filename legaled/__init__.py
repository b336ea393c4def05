"""legaled: legal education and exams for archives offices."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from jinja2 import StrictUndefined

from legaled import cli, db
from legaled.clock import utc_now
from legaled.config import ROOT, Config
from legaled.web import BLUEPRINTS, access, assets, cites, errors, logs, numbers, pages


def create_app(
    config: Config | None = None, clock: Callable[[], datetime] = utc_now
) -> Flask:
    """Build the application; every moving part is plugged in here and nowhere else.

    Raises RuntimeError if a view does not declare who may call it.
    """
    config = config or Config.from_env()
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        instance_path=str(config.instance.absolute()),
    )
    app.config.from_mapping(config.to_flask())
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the protocol's order
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.extensions["clock"] = clock
    logs.init_app(app, config.log_level)
    db.init_app(app, config.url)
    access.init_app(app)
    errors.init_app(app)
    assets.init_app(app)
    pages.init_app(app)
    numbers.init_app(app)
    cites.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    access.refuse_undeclared_views(app)
    cli.init_app(app)
    return app
