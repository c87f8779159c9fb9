"""Every form of the product with fields to type into: those that edit something there is, and those that do not."""

from typing import NamedTuple


class Form(NamedTuple):
    """Where a form is sent and on which page it stands, as paths with the names of ids."""

    action: str
    page: str


# By the endpoint that they are sent to.
EDITS = {
    "tasks.edit": Form("/sessions/{session}/tasks/{task}", "/sessions/{session}/tasks/{task}"),
    "files.describe": Form("/sessions/{session}/files/{file}", "/sessions/{session}/tasks/{task}"),
    "sessions.change_options": Form("/sessions/{session}/options", "/sessions/{session}/options"),
    "members.rename": Form("/sessions/{session}/me", "/sessions/{session}/people"),
    "account_settings.rename": Form("/accounts/{account}/name", "/accounts/{account}/settings"),
    "account_settings.set_defaults": Form("/accounts/{account}/session-defaults", "/accounts/{account}/settings"),
    "account_settings.set_retention": Form("/accounts/{account}/retention", "/accounts/{account}/settings"),
    "account_settings.change_deck": Form("/accounts/{account}/decks/{deck}", "/accounts/{account}/decks/{deck}"),
    "account_webhooks.edit": Form("/accounts/{account}/webhooks/{endpoint}", "/accounts/{account}/webhooks/{endpoint}"),
    "series.rename": Form("/accounts/{account}/series/{series}/name", "/accounts/{account}/series/{series}"),
    "team.change_role": Form("/accounts/{account}/team/{teammate}/role", "/accounts/{account}/team"),
    "profile.rename": Form("/me/name", "/me"),
}
# The table's own, which are drawn anew with each round; the hand follows the server (``room/hand.js``).
ROUND = {"rounds.finalize", "rounds.vote"}
# What is typed there becomes something new, or is asked once: there is nothing that it could be saved on by mistake.
MAKES = {
    "account_settings.add_deck",
    "account_webhooks.add",
    "accounts.make",
    "api_tokens.make",
    "home.open_session",
    "imports.read",
    "imports.save",
    "new_password.ask_for_link",
    "profile.ask_for_link",
    "profile.change_password",
    "second_factor.turn_on",
    "series.make",
    "session_import.save",
    "sessions.join",
    "signing_in.ask_for_link",
    "signing_in.with_password",
    "signing_up.sign_up",
    "slack.connect",
    "tasks.add",
    "team.invite",
    "trackers.connect",
}
