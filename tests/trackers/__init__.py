"""Trackers of our own for tests: strict, stateful, over real HTTP; one module each, made after what the tracker
publishes of its interface. ``STANDS`` has them by the names of ``poker_app.trackers.TRACKERS``."""

from tests.trackers.azure_devops import AzureDevOpsDouble
from tests.trackers.double import Double
from tests.trackers.github import GitHub
from tests.trackers.gitlab import GitLab
from tests.trackers.jira_cloud import JiraCloudDouble
from tests.trackers.jira_data_center import JiraDataCenterDouble
from tests.trackers.linear import LinearDouble

__all__ = ["STANDS", "Double"]

STANDS: dict[str, type[Double]] = {
    each.kind: each for each in (AzureDevOpsDouble, GitHub, GitLab, JiraCloudDouble, JiraDataCenterDouble, LinearDouble)
}
