"""Markup of trackers as Markdown: HTML, Jira's wiki markup and the Atlassian Document Format (ADF).

The last two become HTML first, so that one library writes all Markdown.
"""

from poker_app.markup.adf import from_adf
from poker_app.markup.html_markup import from_html
from poker_app.markup.jira_wiki import from_jira_wiki

__all__ = ["from_adf", "from_html", "from_jira_wiki"]
