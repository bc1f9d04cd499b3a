"""What a page in Chromium has to answer for: accessibility, its width, its language, its console."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

AXE = (Path(__file__).resolve().parents[1] / "vendor/axe-core/axe.min.js").read_text()
RUN_AXE = """() => axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
    iframes: false,
}).then(({violations}) => violations.flatMap(({id, nodes}) => nodes.map(
    ({target, failureSummary}) => `axe ${id}: ${target.join(" ")}: ${failureSummary.replace(/\\s+/g, " ")}`)))"""
# Whatever stands out to the right; what scrolls within a box of its own may.
OVERFLOWING = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const scrolls = (e) => e && (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)
        && e !== document.body && e !== document.documentElement || scrolls(e.parentElement));
    const out = [...document.body.querySelectorAll("*")].filter(
        (e) => e.getBoundingClientRect().right > room + 0.5 && !scrolls(e.parentElement));
    return [out.slice(-2).map((e) => e.outerHTML.slice(0, 120)).join(" … ") || "something unseen"];
}"""
# A label that its own box cuts, where a person can't get at the rest of it.
CUT = """() => [...document.querySelectorAll(
        "h1, h2, h3, .btn, .chip, .tabs a, label, legend, summary, .phone-bar a, .app-nav a, .menu-item")]
    .filter((e) => e.checkVisibility() && !e.matches(".visually-hidden") && e.scrollWidth > e.clientWidth + 1
        && getComputedStyle(e).overflowX !== "visible" && !e.title)
    .map((e) => e.outerHTML.slice(0, 120))"""
OUTLINE = "() => [document.documentElement.lang, document.querySelectorAll('h1').length]"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
SMALL_PHONE = {"width": 320, "height": 640}


@dataclass
class Looking:
    """Opens pages in one tab and writes down what is wrong with each."""

    page: Page
    findings: list[str] = field(default_factory=list)
    where: str = ""

    def __post_init__(self) -> None:
        # Colours on their way from light to dark would be measured halfway.
        self.page.emulate_media(reduced_motion="reduce")
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.note(f"script: {error}"))

    def note(self, finding: str) -> None:
        self.findings.append(f"{self.where}: {finding}")

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports a page that answers 404 or 410 as an error of its own address.
        own = message.location.get("url", "") == self.page.url
        if message.type == "error" and not (own and "Failed to load resource" in message.text):
            self.note(f"console: {message.text}")

    def open(self, address: str, *, language: str, status: int = 200) -> None:
        """Go there and look at what holds at any width."""
        self.where = f"{language} {address}"
        answer = self.page.goto(address)
        if answer is None or answer.status != status:
            self.note(f"answered {answer and answer.status}")
        self.outline(language)

    def outline(self, language: str) -> None:
        spoken, headings = self.page.evaluate(OUTLINE)
        if spoken != language:
            self.note(f"says that it is in {spoken!r}")
        if headings != 1:
            self.note(f"{headings} level-one headings")

    def with_axe(self) -> None:
        """Wide in light, on a phone in dark: the same page, not loaded again."""
        self.page.evaluate(AXE)
        for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
            self._at(size, scheme)
            for finding in self.page.evaluate(RUN_AXE):
                self.note(f"{size['width']} {scheme} {finding}")

    def for_width(self, *sizes: Any) -> None:
        for size in sizes or (PHONE,):
            self._at(size, "light")
            for finding in self.page.evaluate(OVERFLOWING):
                self.note(f"wider than {size['width']} px: {finding}")
            for finding in self.page.evaluate(CUT):
                self.note(f"cut at {size['width']} px: {finding}")

    def _at(self, size: Any, scheme: Any) -> None:
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme=scheme)

    def found_nothing(self) -> None:
        assert not self.findings, "\n".join(self.findings)
