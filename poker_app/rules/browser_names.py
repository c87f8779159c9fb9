"""Names a browser by its ``User-Agent``: precisely enough to recognise one's own in a list."""

# The first that is found counts: nearly all say that they are Mozilla, Chrome and Safari as well.
_BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Mac OS X", "a Mac"), ("Linux", "Linux")),
)


def name(user_agent: str) -> str:
    """Returns such as «Firefox on Windows»; «Unknown browser» where the text names none that is known."""
    browser = next((known for mark, known in _BROWSERS if mark in user_agent), "Unknown browser")
    system = next((known for mark, known in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
