"""Pages and fragments: guard, one action, one fragment. No rules live here."""

from flask import Flask


def install(app: Flask) -> None:
    """Registers hooks and blueprints, in the order in which a request meets them."""
    from poker_app.mail import rendering
    from poker_app.poker.publishing import events
    from poker_app.poker.trackers import background
    from poker_app.web import tidy_links
    from poker_app.web.account import (
        account_settings,
        accounts,
        api_tokens,
        audit_log,
        invitations,
        slack,
        team,
        tracker_webhooks,
        trackers,
        webhooks,
    )
    from poker_app.web.billing import fake_payments, plan_page, stripe_webhook
    from poker_app.web.home import (
        dashboard,
        embedding,
        front_page,
        guest_session,
        series,
        series_search,
        session_import,
    )
    from poker_app.web.http import (
        after_response,
        assets,
        errors,
        fragments,
        framing,
        guards,
        host_check,
        login,
        response_headers,
        session_cookie,
        shared_fragments,
        template_filters,
        uploads,
    )
    from poker_app.web.me import my_data, profile, two_factor
    from poker_app.web.operator import health, jobs, metrics, operator_pages
    from poker_app.web.room import (
        claim,
        files,
        imports,
        members,
        realtime,
        report,
        rounds,
        session_page,
        tasks,
        timer,
        tracker_issues,
    )
    from poker_app.web.signin import clerk_webhooks, password_reset, providers, sign_in, sign_up, two_factor_prompt
    from poker_app.webhooks import background as webhooks_background
    from poker_app.webhooks import configure_paths

    metrics.install(app)
    tidy_links.install(app)
    guards.install(app)
    host_check.install(app)
    framing.install(app)
    plan_page.install(app)
    guest_session.install(app)
    login.install(app)
    operator_pages.install(app)
    providers.install(app)
    app.session_interface = session_cookie.SessionCookie()
    assets.install(app)
    response_headers.install(app)
    errors.install(app)
    fragments.install(app)
    embedding.install(app)
    template_filters.install(app)
    rendering.configure(template_filters.paths(app))
    background.configure(after_response.run_after_response)
    configure_paths(template_filters.paths(app))
    webhooks_background.configure(after_response.run_after_response)
    events.configure(shared_fragments.shared_state, after_response.run_after_response)
    for room in (sign_in, two_factor_prompt, sign_up, password_reset, providers, clerk_webhooks, profile, two_factor):
        app.register_blueprint(room.blueprint)
    for room in (
        front_page,
        embedding,
        guest_session,
        dashboard,
        session_import,
        series,
        series_search,
        my_data,
        session_page,
        members,
        rounds,
        tasks,
        files,
        imports,
        tracker_issues,
        uploads,
        timer,
        report,
        claim,
        realtime,
        health,
    ):
        app.register_blueprint(room.blueprint)
    for room in (
        accounts,
        team,
        invitations,
        account_settings,
        trackers,
        tracker_webhooks,
        api_tokens,
        webhooks,
        slack,
        audit_log,
    ):
        app.register_blueprint(room.blueprint)
    for room in (plan_page, stripe_webhook, fake_payments, jobs, metrics, operator_pages):
        app.register_blueprint(room.blueprint)
