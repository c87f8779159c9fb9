"""Pages and fragments: guard, one action, one fragment. No rules live here."""

from flask import Flask


def install(app: Flask) -> None:
    """Everything that answers requests, in the order in which a request meets it."""
    from poker_app.poker import events
    from poker_app.web import (
        account_settings,
        accounts,
        afterwards,
        assets,
        audit,
        billing,
        clerk,
        dashboard,
        errors,
        fake_payments,
        fragments,
        guards,
        headers,
        health,
        home,
        hosts,
        invitations,
        jobs,
        login,
        members,
        metrics,
        mydata,
        new_password,
        operating,
        profile,
        providers,
        realtime,
        report,
        rounds,
        second_factor,
        second_step,
        series,
        session_cookie,
        sessions,
        shared_fragments,
        signing_in,
        signing_up,
        tasks,
        team,
        template_filters,
        tidy_links,
        timer,
        webhooks,
    )

    metrics.install(app)
    tidy_links.install(app)
    guards.install(app)
    hosts.install(app)
    billing.install(app)
    login.install(app)
    operating.install(app)
    providers.install(app)
    app.session_interface = session_cookie.SessionCookie()
    assets.install(app)
    headers.install(app)
    errors.install(app)
    fragments.install(app)
    template_filters.install(app)
    events.configure(shared_fragments.shared_state, afterwards.after_answer)
    for room in (signing_in, second_step, signing_up, new_password, providers, clerk, profile, second_factor):
        app.register_blueprint(room.blueprint)
    for room in (home, dashboard, series, mydata, sessions, members, rounds, tasks, timer, report, realtime, health):
        app.register_blueprint(room.blueprint)
    for room in (accounts, team, invitations, account_settings, audit, billing):
        app.register_blueprint(room.blueprint)
    for room in (webhooks, fake_payments, jobs, metrics, operating):
        app.register_blueprint(room.blueprint)
