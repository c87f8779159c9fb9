"""Projects of GitHub: what is asked of them by GraphQL, and what the answers mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from poker_app.rules.trackers import CHOICE, NUMBER, EstimateField, Place
from poker_app.trackers.client import Client, words_of
from poker_app.trackers.engines.base import expected, of_type, text
from poker_app.trackers.failures import Denied, Rejected, TrackerFailure, Unreachable, denied, gone

NAME = "GitHub"
PLACE = "project"
"""What the id of a column or iteration begins with."""
MAX_PROJECTS = 20
DENIED = ("FORBIDDEN", "INSUFFICIENT_SCOPES")

# https://docs.github.com/en/graphql/reference/objects#repository: the projects it is linked to, and those that its
# latest issues are in.
PROJECTS_OF = """
query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    projectsV2(first: 20) { nodes { id } }
    issues(first: 50, states: OPEN, orderBy: {field: UPDATED_AT, direction: DESC}) {
      nodes { projectItems(first: 5, includeArchived: false) { nodes { project { id } } } }
    }
  }
}
"""
# https://docs.github.com/en/graphql/reference/objects#projectv2
FIELDS_OF = """
query($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on ProjectV2 {
      title closed resourcePath
      fields(first: 50) {
        nodes {
          ... on ProjectV2FieldCommon { id name dataType }
          ... on ProjectV2SingleSelectField { options { name } }
          ... on ProjectV2IterationField { configuration { iterations { title startDate } } }
        }
      }
    }
  }
}
"""
# https://docs.github.com/en/graphql/reference/objects#projectv2item
ITEM_OF = """
query($owner: String!, $name: String!, $number: Int!, $field: ID!) {
  node(id: $field) {
    ... on ProjectV2FieldCommon { id project { id title } }
    ... on ProjectV2SingleSelectField { options { id name } }
  }
  repository(owner: $owner, name: $name) {
    issue(number: $number) {
      projectItems(first: 50) {
        nodes {
          id
          project { id }
          fieldValues(first: 50) {
            nodes {
              ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { id } } }
              ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { id } } }
            }
          }
        }
      }
    }
  }
}
"""
# https://docs.github.com/en/graphql/reference/mutations#updateprojectv2itemfieldvalue
SET_FIELD = """
mutation($project: ID!, $item: ID!, $field: ID!, $value: ProjectV2FieldValue!) {
  updateProjectV2ItemFieldValue(input: {projectId: $project, itemId: $item, fieldId: $field, value: $value}) {
    projectV2Item { id }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A project of GitHub's, by the path of its REST address, with its fields as GraphQL has them."""

    title: str
    path: str
    fields: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An issue in the project of a field: the ids that a value is set with, and what the field has now."""

    project: str
    id: str
    options: Mapping[str, str]
    value: str


class GraphQL:
    """Questions to GitHub's GraphQL."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, query: str, variables: Mapping[str, Any], *, partly: bool = False) -> dict[str, Any]:
        """The data of an answer. ``partly``: what the token may not read is left out of it instead of being refused.
        https://docs.github.com/en/graphql/guides/forming-calls-with-graphql"""
        answer = self._client.send("POST", "/graphql", body={"query": query, "variables": dict(variables)})
        with expected(NAME):
            errors = of_type(list, answer.body.get("errors", []))
            data = of_type(dict, answer.body.get("data") or {})
            failures = [self._failure(each, answer.headers) for each in errors]
        for failure in failures:
            if not (partly and isinstance(failure, Denied)):
                raise failure
        return data

    def _failure(self, error: dict[str, Any], headers: Mapping[str, str]) -> TrackerFailure:
        kind, words = text(error.get("type", "")), words_of({"message": text(error["message"])})
        if kind.startswith("RATE_LIMIT"):
            return self._client.busy(headers)
        if words.startswith("Something went wrong"):
            return Unreachable("GitHub took too long to answer.")
        if kind in DENIED:
            return denied("GitHub", f": {words}")
        if kind == "NOT_FOUND" and error.get("path", [""])[0] == "repository":
            return gone("GitHub")
        return Rejected(f"GitHub refuses this: {words}")


def nodes(connection: Any) -> list[Any]:
    """What a connection lists, without what the token may not read and what is of a type that was not asked for."""
    return [each for each in (connection or {}).get("nodes") or () if each]


def project_of(raw: Any) -> Project:
    """A project as ``FIELDS_OF`` answers. Its page at ``/orgs/acme/projects/7`` is ``/orgs/acme/projectsV2/7`` in
    REST."""
    kind, owner, _, number = text(raw["resourcePath"]).strip("/").split("/")
    fields = tuple(of_type(dict, each) for each in nodes(raw["fields"]) if "id" in each)
    return Project(text(raw["title"]), f"{kind}/{owner}/projectsV2/{number}", fields)


def columns_of(project: Project) -> Iterator[Place]:
    """The columns and iterations of a project, found by
    https://docs.github.com/en/issues/planning-and-tracking-with-projects/customizing-views-in-your-project/filtering-projects"""
    with expected(NAME):
        for field in project.fields:
            name = text(field["name"])
            named: list[tuple[str, str]] = []
            if field["dataType"] == "SINGLE_SELECT" and name == "Status":
                named = [(text(each["name"]), "") for each in field["options"]]
            elif field["dataType"] == "ITERATION":
                iterations = field["configuration"]["iterations"]
                named = [(text(each["title"]), f", from {each['startDate']}") for each in iterations]
            by = "-".join(name.lower().split())
            for title, note in named:
                if '"' not in title:
                    wanted = f'{PLACE}:{project.path}:{by}:"{title}"'
                    yield Place(wanted, title, name, project.title + note)


def fields_of(project: Project) -> Iterator[EstimateField]:
    """The fields of a project that hold numbers or choices, but for its status."""
    with expected(NAME):
        for field in project.fields:
            name = text(field["name"])
            label = f"{name} in {project.title}"
            if field["dataType"] == "NUMBER":
                yield EstimateField(text(field["id"]), label, NUMBER)
            elif field["dataType"] == "SINGLE_SELECT" and name != "Status":
                choices = tuple(text(each["name"]) for each in field["options"])
                yield EstimateField(text(field["id"]), label, CHOICE, choices)


def value_of(item: Any, field: EstimateField) -> str:
    """What a field has in an item as ``ITEM_OF`` answers, "" for nothing."""
    for each in nodes(item["fieldValues"]):
        if each["field"]["id"] == field.id:
            value = each.get("number") if field.kind == NUMBER else each.get("name")
            return "" if value is None else f"{value:g}" if field.kind == NUMBER else text(value)
    return ""
