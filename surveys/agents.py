"""What kind of program opened a page: a class, never the string itself, which can identify people."""

import re

# Programs that open the links of other people's mail, or of anything at all.
_SCANNER = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|forefront|symantec|messagelabs|fireeye|trellix"
    r"|trend ?micro|sophos|fortiguard|forcepoint|checkpoint|cloudmark|ironport|area ?1|urlscan"
    r"|virustotal|phish|avanan|vade|zscaler|spamexperts|antivirus|linkcheck|link checker",
    re.IGNORECASE,
)
# "CUBOT" is a make of telephone, in people's hands.
_BOT = re.compile(
    r"(?<!cu)bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegram|skypeuripreview"
    r"|bingpreview|embedly|google-?read|feedfetcher|monitor|archive\.org",
    re.IGNORECASE,
)
_LIBRARY = re.compile(
    r"curl|wget|python|urllib|httpx|aiohttp|libwww|java/|okhttp|go-http|node|axios|ruby|perl|php"
    r"|powershell|winhttp|ms-?office|microsoft office|outlook",
    re.IGNORECASE,
)
_PHONE = re.compile(r"mobile|android|iphone|ipad", re.IGNORECASE)

SCANNERS = frozenset({"scanner", "bot"})


def classify(user_agent: str) -> str:
    """ "scanner", "bot", "library", "phone", "computer", or "" for one that says nothing."""
    if not user_agent:
        return ""
    if _SCANNER.search(user_agent):
        return "scanner"
    if _BOT.search(user_agent):
        return "bot"
    if _LIBRARY.search(user_agent):
        return "library"
    return "phone" if _PHONE.search(user_agent) else "computer"
