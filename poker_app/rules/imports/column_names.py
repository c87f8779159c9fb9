"""Names of columns and words of cells, as Jira, GitHub, GitLab, Linear, Azure DevOps, Trello, YouTrack, Asana, ClickUp
and Shortcut export them in English, German, French and Spanish.

All are plain: lower case, without accents, with single spaces for punctuation.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum

TITLE, KEY, URL, DESCRIPTION, ACCEPTANCE = "title", "key", "url", "description", "acceptance"
TYPE, STATUS, PRIORITY, LABELS, PARENT = "type", "status", "priority", "labels", "parent"
ESTIMATE, DONE, OTHER, UNUSED = "estimate", "done", "other", "unused"

MEANINGS: Mapping[str, str] = {
    TITLE: "Title",
    KEY: "Key",
    URL: "Link",
    DESCRIPTION: "Description",
    ACCEPTANCE: "Acceptance criteria",
    TYPE: "Type",
    STATUS: "Status",
    PRIORITY: "Priority",
    LABELS: "Labels",
    PARENT: "Parent",
    OTHER: "Below the description",
    ESTIMATE: "Estimate (not used)",
    DONE: "Done when filled (not used)",
    UNUSED: "Not used",
}
"""What a column can mean, with its label."""

BELOW = (STATUS, OTHER)
"""Columns that a task has no field for: they stand below its description, after their names."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


NAMES: Mapping[str, tuple[str, ...]] = {
    TITLE: _names(
        "summary, issue summary, title, issue title, work item title, task name, card name, story name, subject, "
        "headline, zusammenfassung, titel, betreff, aufgabenname, name der aufgabe, bezeichnung, resume, titre, "
        "sujet, objet, nom de la tache, nom de la carte, intitule, resumen, titulo, asunto, nombre de la tarea, "
        "nombre de la tarjeta, task, story, user story, issue, work item, aufgabe, vorgang, tache, recit, tarea, "
        "historia, name, nom, nombre"
    ),
    KEY: _names(
        "issue key, key, task custom id, custom id, identifier, readable id, issue id, task id, work item id, story "
        "id, card id, ticket id, iid, id, ticket, number, issue number, card number, no, nr, #, vorgangsschlussel, "
        "schlussel, vorgangs id, vorgangsnummer, ticketnummer, aufgaben id, kennung, nummer, cle de ticket, cle du "
        "ticket, cle de la demande, cle de demande, cle, id de ticket, id de la tache, numero, clave de incidencia, "
        "clave de la incidencia, clave, id de la incidencia, id de incidencia, id de la tarea, id de tarea, "
        "identificador, identifiant"
    ),
    URL: _names(
        "url, link, address, html url, web url, task url, card url, issue url, issue link, short url, short link, "
        "permalink, task link, vorgangslink, adresse, verknupfung, lien, lien du ticket, enlace, vinculo, direccion"
    ),
    DESCRIPTION: _names(
        "description, details, body, task content, task description, card description, notes, repro steps, "
        "beschreibung, einzelheiten, notizen, inhalt, detail, contenu, descripcion, detalles, notas, contenido"
    ),
    ACCEPTANCE: _names(
        "acceptance criteria, acceptance criterion, akzeptanzkriterien, akzeptanzkriterium, abnahmekriterien, "
        "criteres d acceptation, critere d acceptation, criterios de aceptacion, criterio de aceptacion"
    ),
    TYPE: _names(
        "issue type, issuetype, work item type, task type, story type, type, kind, tracker, vorgangstyp, aufgabentyp, "
        "typ, art, type de ticket, type de demande, type de tache, tipo de incidencia, tipo de actividad, tipo de "
        "tarea, tipo"
    ),
    STATUS: _names(
        "status, state, workflow state, section column, list name, stage, zustand, stand, etat, statut, estado, "
        "situacion"
    ),
    PRIORITY: _names("priority, severity, prioritat, priorite, prioridad"),
    LABELS: _names(
        "labels, label, tags, tag, stichworter, stichworte, schlagworter, etiketten, etiquettes, etiquette, "
        "etiquetas, etiqueta"
    ),
    PARENT: _names(
        "parent summary, epic name, epic title, epic link, epic, parent key, parent issue, parent task, parent, "
        "ubergeordneter vorgang, ubergeordnete aufgabe, ubergeordnet, tache parente, ticket parent, parente, tarea "
        "principal, tarea padre, principal, padre, epopee, epica"
    ),
    ESTIMATE: _names(
        "story points, story point estimate, storypoints, story point, story punkte, story points schatzung, points de "
        "story, points de recit, puntos de historia, pontos de historia, punti storia, storypunten, punkty historyjki, "
        "points, estimate, estimation, weight, effort, size, original story points, schatzung, aufwand, punkte, "
        "charge, estimacion, puntos"
    ),
    DONE: _names(
        "completed at, completed, is completed, completed on, date completed, resolved, resolved at, closed at, "
        "closed at utc, closed date, date closed, canceled, cancelled, archived, is archived, resolution, erledigt "
        "am, erledigt, gelost, abgeschlossen am, losung, resolu, resolue, termine le, resuelta, resuelto, resolucion, "
        "completado el"
    ),
    UNUSED: _names(
        "assignee, assignee id, assignee email, assignee username, assignees, assigned to, reporter, reporter id, "
        "creator, creator id, author, author username, author id, requester, owner, owners, members, watchers, "
        "watchers id, votes, created, created at, created at utc, created date, created by, date created, date "
        "created text, created text, updated, updated at, updated at utc, date updated, date updated text, updater, "
        "last modified, last viewed, last activity date, changed date, changed by, moved at, started, started at, "
        "triaged, due date, due complete, start date, start date text, due date text, date closed text, date done, "
        "finish date, target date, position, rank, project, projects, project key, project name, project type, "
        "project lead, project lead id, project description, project url, project id, team, team id, space name, "
        "folder name, folder name path, list id, board id, board name, workflow, workflow id, sprint, iteration, "
        "iteration id, iteration path, area path, cycle number, cycle name, cycle start, cycle end, milestone, "
        "milestone id, milestone state, project milestone, project milestone id, repository, reviewers, comment, "
        "comments, attachment, attachments, attachment count, attachment links, log work, work ratio, time spent, "
        "time logged, time in status, time estimated, time estimate, remaining estimate, original estimate, rolled up "
        "time, development, issue color, comment count, vote count, checklist item total count, checklist item "
        "completed count, confidential, locked, epic id, parent id, iid parent, status category, status category "
        "changed, security level, sla status, utc offset, epic state, epic labels, epic is archived, epic created at, "
        "epic started at, epic due date, milestone created at, milestone started at, milestone due date, milestone "
        "categories, is blocked, is a blocker, external ticket count, external tickets, blocked by dependencies, "
        "blocking dependencies, related to, blocked by, duplicate of, initiatives, roadmaps, status id, linked "
        "issues, sub issues progress, lists, assignee s, subtasks ids, subtasks urls, zugewiesene person, zugewiesen "
        "an, bearbeiter, autor, ersteller, erstellt, erstellt am, aktualisiert, geandert, projektschlussel, "
        "projektname, projekttyp, projektleiter, projektbeschreibung, fallig, falligkeitsdatum, projekt, stimmen, "
        "beobachter, zuletzt angezeigt, kommentar, anhang, personne assignee, responsable, rapporteur, createur, "
        "cree, cree le, creation, mise a jour, mis a jour, cle de projet, nom du projet, type de projet, projet, "
        "echeance, date d echeance, votes, observateurs, persona asignada, asignado a, informador, creador, creada, "
        "creado, actualizada, actualizado, clave del proyecto, nombre del proyecto, tipo de proyecto, proyecto, fecha "
        "de vencimiento, votos, observadores"
    ),
}
"""Names of each meaning. Of two columns with the same meaning the one whose name stands first here has it."""


class Tracker(Enum):
    """A tracker whose exports have long texts in a markup of their own."""

    JIRA = "Jira"
    AZURE = "Azure DevOps"


_NAMES_OF = {
    Tracker.JIRA: frozenset(
        _names(
            "issue key, issue type, vorgangsschlussel, vorgangstyp, cle de ticket, cle du ticket, cle de la demande, "
            "cle de demande, type de ticket, type de demande, clave de incidencia, clave de la incidencia, tipo de "
            "incidencia"
        )
    ),
    Tracker.AZURE: frozenset({"work item type"}),
}


def tracker_of(names: Iterable[str]) -> Tracker | None:
    """The tracker that names its columns so; None for any other."""
    found = {plain(name) for name in names}
    return next((tracker for tracker, its in _NAMES_OF.items() if found & its), None)


# Names that begin so, of which Jira has one for each kind of link and sum.
UNUSED_BEGINNINGS = ("inward issue link", "outward issue link", "σ ", "satisfaction")
# Jira has a column for each label.
REPEATED = frozenset({LABELS, ACCEPTANCE, DONE})
OWN_EXPORT = frozenset({"first vote median", "skipped"})
"""Columns that only the report's own CSV and JSON have."""
OWN_EXPORT_MEANINGS = frozenset({TITLE, KEY, URL, DESCRIPTION, TYPE, PRIORITY, LABELS, PARENT, ACCEPTANCE})


DONE_WORDS = frozenset(
    _names(
        "done, closed, resolved, complete, completed, cancelled, canceled, won t do, wont do, won t fix, wontfix, "
        "archived, released, merged, shipped, fixed, verified, duplicate, removed, erledigt, geschlossen, fertig, "
        "abgeschlossen, gelost, abgebrochen, verworfen, termine, terminee, ferme, fermee, resolu, resolue, clos, "
        "annule, annulee, fini, finie, livre, livree, hecho, cerrado, cerrada, resuelto, resuelta, completado, "
        "completada, finalizada, finalizado, cancelado, cancelada, listo, terminado, terminada"
    )
)
STATUS_WORDS = DONE_WORDS | frozenset(
    _names(
        "to do, todo, open, opened, new, in progress, in review, in development, in testing, review, backlog, icebox, "
        "selected for development, ready, ready for dev, ready for development, ready for review, ready for qa, "
        "blocked, testing, in test, qa, triage, doing, planned, active, proposed, started, unstarted, reopened, "
        "submitted, on hold, waiting, no status, next up, in qa, zu erledigen, offen, neu, in arbeit, in bearbeitung, "
        "in prufung, geplant, bereit, blockiert, wird gepruft, a faire, ouvert, ouverte, nouveau, nouvelle, en cours, "
        "en revue, bloque, pret, en attente, por hacer, tareas por hacer, abierto, abierta, nuevo, nueva, en curso, "
        "en progreso, en revision, bloqueado, pendiente"
    )
)
TYPE_WORDS = frozenset(
    _names(
        "bug, story, task, epic, sub task, subtask, feature, new feature, improvement, chore, spike, user story, "
        "issue, defect, incident, enhancement, requirement, product backlog item, feature request, fehler, aufgabe, "
        "unteraufgabe, verbesserung, anforderung, neue funktion, stoffspeicher, bogue, anomalie, tache, sous tache, "
        "recit, fonctionnalite, amelioration, nouvelle fonctionnalite, error, tarea, historia, subtarea, mejora, "
        "epica, nueva funcion, incidencia"
    )
)
PRIORITY_WORDS = frozenset(
    _names(
        "highest, high, medium, low, lowest, critical, blocker, major, minor, trivial, urgent, normal, no priority, "
        "p0, p1, p2, p3, p4, hoch, mittel, niedrig, dringend, hochste, niedrigste, kritisch, haute, moyenne, basse, "
        "elevee, faible, critique, urgente, alta, media, baja, critica, mas alta, mas baja"
    )
)

MAX_NAME = 60
_FALSE = frozenset({"", "false", "no", "0", "unresolved", "nein", "non", "falsch", "faux", "falso", "open", "none"}) | {
    "nicht erledigt",
    "non resolu",
    "sin resolver",
}


def plain(text: str) -> str:
    """A column's name or a cell's word as it stands in the lists here; "" for one that is too long for them."""
    if len(text) > MAX_NAME:
        return ""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        " " if not (char.isalnum() or char == "#") else char for char in apart if not unicodedata.combining(char)
    )
    return " ".join(kept.split()).removeprefix("custom field ")


def is_done(status: str) -> bool:
    """Whether a status says that a task is done or given up."""
    return plain(status) in DONE_WORDS


def is_filled(cell: str) -> bool:
    """Whether a cell that says since when a task is done says so."""
    return plain(cell) not in _FALSE
