"""The dashboard, a page for people."""

from .. import dashboard
from .operations import Call, NoQuery, Operation, Reply


async def show_dashboard(_: Call[NoQuery, None]) -> Reply:
    """Show the dashboard; its scripts call this API with the key of its own address."""
    page = dashboard.page()
    headers = {"Content-Security-Policy": page.policy, "Referrer-Policy": "no-referrer"}
    return Reply(page.content, headers)


OPERATIONS = (Operation("show_dashboard", "GET", "dashboard", show_dashboard, gives="text/html"),)
