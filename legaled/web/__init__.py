"""Thin views. `BLUEPRINTS` is every page of the product."""

from legaled.web import (
    accounts,
    attempts,
    banks,
    exams,
    home,
    imports,
    laws,
    manage,
    people,
    stats,
    study,
)

BLUEPRINTS = (
    home.bp,
    accounts.bp,
    study.bp,
    exams.bp,
    attempts.bp,
    banks.bp,
    imports.bp,
    laws.bp,
    manage.bp,
    people.bp,
    stats.bp,
)
