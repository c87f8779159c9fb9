"""Commands for operators: names to actions. ``python -m poker_app.cli --help`` lists them."""

import sys
import tempfile
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_migrate import Migrate
from flask_migrate.cli import db as migrations

from poker_app import backup, billing, create_app, jobs, schema
from poker_app.billing import payments, seats, webhooks
from poker_app.db import db
from poker_app.settings import Settings, as_table


def _application() -> Flask:
    app = create_app()
    Migrate(app, db, directory=str(schema.MIGRATIONS))
    return app


@click.group(cls=FlaskGroup, create_app=_application, add_default_commands=False, add_version_option=False)
def poker() -> None:
    """Faceup's operating commands."""


poker.add_command(migrations)


@poker.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    schema.upgrade()


@poker.command("check-migrations")
def check_migrations() -> None:
    """Fail if the tables in the code and the migrations say different things. A database of its own is used."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/check.db", secret_key="unused"))  # noqa: S106
        with app.app_context():
            schema.upgrade()
            drift = schema.drift()
            db.session.remove()
            db.engine.dispose()
    if drift:
        sys.exit(f"The migrations do not make what the code says: {drift}")


@poker.command("replay-webhooks")
def replay_webhooks() -> None:
    """Process once more what the payment provider told and what failed. To be run every few minutes."""
    well, failed = webhooks.replay() if billing.is_on() else (0, 0)
    click.echo(f"{well} processed, {failed} failed.")
    if failed:
        sys.exit(1)


@poker.command("follow-seats")
def follow_seats() -> None:
    """Bring the seats that are paid for to the teammates that there are. To be run once a day."""
    click.echo(f"{seats.follow_all()} changed.")


@poker.command("check-payments")
def check_payments() -> None:
    """Ask the payment provider whether everything that is offered here is for sale there."""
    if not billing.is_on():
        sys.exit("BILLING=off: nothing is sold here.")
    offer = billing.offer()
    prices = [plan.price for plan in offer.plans if plan.price] + [pack.price for pack in offer.packs]
    if missing := payments.engine().missing_prices(prices):
        sys.exit(f"No active price has the lookup key {', '.join(missing)}.")
    click.echo(f"All {len(prices)} prices are there.")


@poker.command()
def purge() -> None:
    """Delete for good what is past its time. Run it daily; running it again does no harm."""
    for what, count in jobs.purge().items():
        click.echo(f"{count} {what} purged")


@poker.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def save_backup(file: Path) -> None:
    """Copy the whole database into FILE. The service may go on meanwhile."""
    try:
        backup.save(current_app.config["SETTINGS"].database_url, file)
    except backup.Failed as problem:
        sys.exit(str(problem))
    click.echo(f"Everything up to now is in {file}.")


@poker.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database holds.")
def restore(file: Path, force: bool) -> None:
    """Put the copy in FILE into the database's place. Stop the service first."""
    try:
        backup.restore(current_app.config["SETTINGS"].database_url, file, force=force)
    except backup.Failed as problem:
        sys.exit(str(problem))
    with_newest = "" if schema.is_current() else " It is of an earlier release: run `migrate` next."
    click.echo(f"The database is what {file} held.{with_newest}")


@poker.command()
def settings() -> None:
    """Print the README's table of settings."""
    click.echo(as_table())


if __name__ == "__main__":
    poker()
