"""Commands for operators: names to actions. ``python -m poker_app.cli --help`` lists them."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, ScriptInfo
from pydantic import ValidationError

from poker_app import backup, billing, create_app, jobs, schema
from poker_app.accounts import api_tokens, auth_is_open, slack_commands, tracker_connections, webhook_endpoints
from poker_app.accounts.memberships import LOCAL, Membership, home_of
from poker_app.billing import active_provider, adjustments
from poker_app.db import db
from poker_app.errors import Refusal
from poker_app.operations import doctor
from poker_app.realtime.engine_check import TRIES, CheckFailed, as_line, check
from poker_app.realtime_settings import BILLED
from poker_app.rules import Refused
from poker_app.rules import message_budget as budget
from poker_app.rules.api_tokens import SCOPES, SERVICE_ROLES
from poker_app.rules.webhook_events import PUBLIC_EVENTS
from poker_app.settings import Settings, as_table


class Commands(FlaskGroup):
    """Alembic's own commands are imported on use: every other command starts without them."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name != "db":
            return super().get_command(ctx, name)
        from flask_migrate.cli import db as migrations

        ctx.ensure_object(ScriptInfo).create_app = _application_to_migrate
        command: click.Command = migrations
        return command


def _application_to_migrate() -> Flask:
    from flask_migrate import Migrate

    app = create_app()
    Migrate(app, db, directory=str(schema.MIGRATIONS))
    return app


@click.group(cls=Commands, create_app=create_app, add_default_commands=False, add_version_option=False)
def poker() -> None:
    """Faceup's operating commands."""


poker.add_command(click.Group("db"))  # which ``Commands`` puts Alembic's in place of


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


@poker.command()
def daily() -> None:
    """Do all that is to be done once a day. Ends with 1 when it is done, but payment events failed again."""
    done = jobs.daily()
    for what, count in done.items():
        click.echo(f"{count} {what}")
    if done[jobs.FAILED_AGAIN]:
        sys.exit(1)


@poker.command("replay-webhooks")
def replay_webhooks() -> None:
    """Process stored payment events that failed once more. To be run every few minutes."""
    well, failed = jobs.replay_webhooks().values()
    click.echo(f"{well} processed, {failed} failed.")
    if failed:
        sys.exit(1)


@poker.command("write-estimates")
def write_estimates() -> None:
    """Write the estimates that are due into their trackers, and bring in what sessions of series await. To be run every
    few minutes where there is no embedded server."""
    for what, count in jobs.write_estimates().items():
        click.echo(f"{count} {what}")


@poker.command("send-webhooks")
def send_webhooks() -> None:
    """Send the webhooks that are due. To be run every few minutes where there is no embedded server."""
    for what, count in jobs.send_webhooks().items():
        click.echo(f"{count} {what}")


@poker.command("rotate-tracker-keys")
def rotate_tracker_keys() -> None:
    """Encrypt the tokens of trackers and the secrets of webhooks with the first of TRACKER_KEYS. Afterwards the others
    can be taken out."""
    of_each = tracker_connections.rotate_keys(), webhook_endpoints.rotate_keys(), slack_commands.rotate_keys()
    done, unreadable = (sum(counts) for counts in zip(*of_each, strict=True))
    click.echo(f"{done} encrypted anew, {unreadable} whose key is not among TRACKER_KEYS.")
    if unreadable:
        sys.exit(1)


@poker.command("make-token")
@click.option("--account", default=LOCAL, help="Its id. Without sign-in there is one account, which need not be named.")
@click.option("--name", default="Command line", show_default=True, help="How the account's list calls it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPES)),
    help="What it may do. Default: read and change sessions.",
)
@click.option(
    "--days", type=click.Choice([each for each in api_tokens.LIFETIMES if each]), default="90", show_default=True
)
@click.option("--role", type=click.Choice(SERVICE_ROLES), default=SERVICE_ROLES[0], show_default=True)
def make_token(account: str, name: str, scopes: tuple[str, ...], days: str, role: str) -> None:
    """Make a service's API token and print it. It is stored nowhere; the account's audit log says that it was made."""
    chosen = scopes or ("sessions:read", "sessions:write")
    try:
        click.echo(api_tokens.make_by_operator(account, name=name, scopes=chosen, days=days, service_role=role))
    except (Refusal, Refused) as refusal:
        sys.exit(str(refusal))


@poker.command("add-webhook")
@click.option("--address", required=True, help="Where events are sent. WEBHOOKS_INSIDE allows one on this machine.")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([*map(str, PUBLIC_EVENTS)]),
    help="What it gets. Default: everything.",
)
@click.option("--kind", default=webhook_endpoints.STANDARD, type=click.Choice(list(webhook_endpoints.KINDS)))
@click.option("--name", default="Webhook", show_default=True, help="How the list calls it.")
def add_webhook(address: str, events: tuple[str, ...], kind: str, name: str) -> None:
    """Add a webhook where users do not sign in, and print its signing secret, which is never shown again."""
    chosen = events or webhook_endpoints.KINDS[kind].events
    try:
        made = webhook_endpoints.add(_without_sign_in(), kind=kind, name=name, address=address, events=chosen)
    except Refusal as refusal:
        sys.exit(refusal.sentence)
    click.echo(webhook_endpoints.secret_of(made) or made.id)


@poker.command("list-webhooks")
def list_webhooks() -> None:
    """List the webhooks of a service without sign-in: id, name, host and events."""
    for each in webhook_endpoints.endpoints_of(_without_sign_in().account.id):
        off = f" (switched off: {each.disabled_why})" if each.disabled_at else ""
        click.echo(f"{each.id} {each.name} {each.host} {' '.join(each.types)}{off}")


@poker.command("remove-webhook")
@click.argument("webhook")
def remove_webhook(webhook: str) -> None:
    """Delete the WEBHOOK with this id, where users do not sign in, and what waits for it."""
    try:
        click.echo(f"{webhook_endpoints.remove(_without_sign_in(), webhook)} is deleted.")
    except Refusal as refusal:
        sys.exit(refusal.sentence)


def _without_sign_in() -> Membership:
    """The membership of the one account that there is without sign-in."""
    if not auth_is_open():
        sys.exit("Users sign in here: an owner or admin adds webhooks in the account's settings.")
    return home_of(None)


@poker.command("follow-seats")
def follow_seats() -> None:
    """Bring the seats that are paid for to the teammates that there are. To be run once a day."""
    click.echo(f"{jobs.follow_seats()['seats']} changed.")


@poker.command("change-credits", context_settings={"ignore_unknown_options": True})
@click.argument("account")
@click.argument("amount", type=int)
@click.argument("reason")
@click.option("--key", default="", help="Names the change, so that running it twice is running it once.")
def change_credits(account: str, amount: int, reason: str, key: str) -> None:
    """Grant an account credits, or take unspent ones back with an AMOUNT below zero. Its owners read the REASON."""
    try:
        click.echo(f"The account has {adjustments.change_credits(account, amount, reason, key)} credits now.")
    except Refusal as refusal:
        sys.exit(refusal.sentence)


@poker.command("check-payments")
def check_payments() -> None:
    """Ask the payment provider whether everything that is offered here is for sale there."""
    if not billing.is_on():
        sys.exit("BILLING=off: nothing is sold here.")
    offer = billing.offer()
    prices = [plan.price for plan in offer.plans if plan.price] + [pack.price for pack in offer.packs]
    if missing := active_provider.engine().missing_prices(prices):
        sys.exit(f"No active price has the lookup key {', '.join(missing)}.")
    click.echo(f"All {len(prices)} prices are there.")


@poker.command("doctor", with_appcontext=False)
def see_doctor() -> None:
    """Look at settings, database, engine, mail, payments, disk and clock, and say what to do. Ends with 1 on a fail."""
    findings = list(_findings())
    for each in findings:
        click.echo(f"{each.level:5} {each.about}: {each.found}")
        if each.advice:
            click.echo(f"      → {each.advice}")
    sys.exit(any(each.level == "fail" for each in findings))


def _findings() -> Iterator[doctor.Finding]:
    try:
        settings = Settings()
        app = create_app(settings)
    except ValidationError as wrong:
        for each in wrong.errors():
            named = ".".join(str(part).upper() for part in each["loc"])
            yield doctor.Finding("fail", "settings", f"{named} {each['msg']}".strip(), "See docs/settings.md.")
        return
    except (ValueError, OSError) as wrong:
        yield doctor.Finding("fail", "settings", str(wrong), "See docs/settings.md.")
        return
    with app.app_context():
        yield from doctor.examine(settings)


@poker.group()
def realtime() -> None:
    """The realtime engine."""


@realtime.command("check")
@click.option("--url", help="Where people reach the site. Default: PUBLIC_URL, or this machine's HOST and PORT.")
@click.option("--tries", type=click.IntRange(1, 1000), default=TRIES, show_default=True, help="How many events.")
def check_realtime(url: str | None, tries: int) -> None:
    """Connect to the engine as a browser does, publish, listen, and print how long it took."""
    settings = current_app.config["SETTINGS"]
    page = url or settings.public_url or f"http://{settings.host}:{settings.port}"
    try:
        click.echo(f"REALTIME={settings.realtime}: {as_line(check(settings, page, tries))}")
    except CheckFailed as failure:
        sys.exit(str(failure))


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
    """Print the table of settings in docs/settings.md."""
    click.echo(as_table())


@poker.command("message-budget", with_appcontext=False)
def message_budget() -> None:
    """Print what sessions cost in messages, and how many the managed services' plans take."""
    click.echo(budget.as_table(BILLED))


if __name__ == "__main__":
    poker()
