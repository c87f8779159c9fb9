"""Fields of a Jira: which of them hold estimates, acceptance criteria and epics.

https://support.atlassian.com/jira-cloud-administration/docs/custom-fields-types-in-company-managed-projects/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from poker_app.rules.imports import column_names as names
from poker_app.rules.imports.column_names import plain
from poker_app.rules.trackers import CHOICE, EstimateField
from poker_app.trackers.engines.base import text

EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
_JSW_POINTS = "com.pyxis.greenhopper.jira:jsw-story-points"
_LINES, _CHOICES = (":textfield",), (":select", ":radiobuttons")
_ESTIMATES = tuple(
    dict.fromkeys(
        plain(name)
        for name in (
            *("ストーリーポイント", "故事点", "스토리 포인트"),
            *names.NAMES[names.ESTIMATE],
            *("T-shirt size", "Complexity", "Komplexität", "Complexité", "Complejidad", "Estimativa", "Stima"),
        )
    )
)
_ACCEPTANCE = {
    *names.NAMES[names.ACCEPTANCE],
    *map(plain, ("Critérios de aceitação", "Criteri di accettazione", "Acceptatiecriteria", "受け入れ基準")),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field. ``type`` is that of its values, ``custom`` its kind, "" for a field that every Jira has, and ``project``
    the only project that has it, "" for any."""

    id: str
    name: str
    type: str
    custom: str
    project: str

    @property
    def is_acceptance(self) -> bool:
        return bool(self.custom) and plain(self.name) in _ACCEPTANCE

    @property
    def kind(self) -> Literal["number", "text", "choice"] | None:
        """What an estimate would be in it, None where it cannot hold one."""
        if not self.custom:
            return None
        if self.type == "number":
            return "number"
        if self.custom.endswith(_CHOICES):
            return "choice"
        return "text" if self.custom.endswith(_LINES) else None

    @property
    def unlikeliness(self) -> int:
        """0 for what is made for story points, more for other names of estimates, ``UNNAMED`` for none of them."""
        if self.custom == _JSW_POINTS:
            return 0
        name = plain(self.name)
        return _ESTIMATES.index(name) + 1 if name in _ESTIMATES else UNNAMED


UNNAMED = len(_ESTIMATES) + 1


def field_of(answer: Any) -> Field:
    """A field of Jira's answer; some that it has of its own have no schema."""
    schema = answer.get("schema") or {}
    scope = answer.get("scope") or {}
    project = text(scope["project"]["id"]) if scope.get("type") == "PROJECT" else ""
    name, custom = text(answer["name"]), text(schema.get("custom") or "")
    return Field(text(answer["id"]), name, text(schema.get("type") or ""), custom, project)


def estimate_field(field: Field, screens: Mapping[str, Any]) -> EstimateField | None:
    """The field for estimates that a field is on these edit screens, with its choices there. Without a screen that can
    be seen, one whose name is an estimate's."""
    if field.kind is None or (screens and field.id not in screens):
        return None
    if field.kind != CHOICE:
        return EstimateField(field.id, field.name, field.kind) if screens or field.unlikeliness < UNNAMED else None
    allowed = screens.get(field.id, {}).get("allowedValues") or []
    choices = tuple(text(each["value"]) for each in allowed)
    return EstimateField(field.id, field.name, CHOICE, choices) if choices else None
