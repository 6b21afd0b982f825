"""A headless Chromium for tests and screenshots: the system's own, nothing downloaded.

Out: a browser that keeps to itself. ``CHROMIUM`` names another executable than Debian's.
"""

import os

from playwright.sync_api import Browser, Playwright

EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_FLAGS = (
    "--no-sandbox",  # CI containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """Start it, with a profile of its own."""
    return playwright.chromium.launch(executable_path=EXECUTABLE, headless=True, args=list(_FLAGS))
