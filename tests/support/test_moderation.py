"""`/board/moderation/`: what was suggested and said is read before others see it."""

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from staff.models import AuditEntry, Business, User
from staff.tokens import hashed
from support.actions import board, moderation
from support.models import BoardComment, BoardFollower, BoardVote, Suggestion
from tests.conftest import signed_in
from tests.services.looking import Looking
from tests.support.test_feedback import stamp

pytestmark = pytest.mark.django_db

State = Suggestion.State
PATH = "/board/moderation/"


@pytest.fixture
def proposal(business: Business) -> Suggestion:
    return board.propose(
        title="open SUNDAYS", text="I live at 5 Elm St. Please open.", language="en"
    )


def saved(suggestion: Suggestion, **values: str) -> dict[str, str]:
    usual = {"title": "Open on Sundays", "text": "Please open.", "state": State.NEW, "answer": ""}
    return {**usual, **values}


def test_what_waits_is_listed_first(agent_client: Client, proposal: Suggestion) -> None:
    other = Suggestion.objects.create(title="On the board", state=State.NEW)
    board.comment(suggestion=other, text="Yes, <b>please</b>", name="Ada")

    page = agent_client.get(PATH).content.decode()
    assert "open SUNDAYS" in page
    assert "Yes, &lt;b&gt;please&lt;/b&gt;" in page
    published = agent_client.get(f"{PATH}?show=published").content.decode()
    assert "open SUNDAYS" not in published
    assert "On the board" in published


def test_an_empty_list_teaches(agent_client: Client, business: Business) -> None:
    assert "No suggestion waits" in agent_client.get(PATH).content.decode()
    assert "Nothing here yet" in agent_client.get(f"{PATH}?show=published").content.decode()


def test_the_list_comes_as_a_fragment_too(agent_client: Client, proposal: Suggestion) -> None:
    part = agent_client.get(PATH, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "open SUNDAYS" in part.content.decode()


def test_queries_do_not_grow(
    agent_client: Client, business: Business, django_assert_max_num_queries: object
) -> None:
    shown = Suggestion.objects.create(title="On the board", state=State.NEW)
    for number in range(20):
        board.propose(title=f"Wish {number}")
        board.comment(suggestion=shown, text=f"Yes {number}")
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        agent_client.get(PATH)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        agent_client.get(f"{PATH}{shown.pk}/")


def test_publishing_with_other_words(
    agent_client: Client, client: Client, agent: User, proposal: Suggestion
) -> None:
    form = agent_client.get(f"{PATH}{proposal.pk}/").content.decode()
    assert 'value="open SUNDAYS"' in form
    response = agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal))
    agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal))

    assert response.status_code == 302
    proposal.refresh_from_db()
    assert (proposal.title, proposal.state) == ("Open on Sundays", State.NEW)
    assert proposal.published_at is not None
    page = client.get(f"/board/{proposal.pk}/").content.decode()
    assert "Please open." in page
    assert "5 Elm St" not in page
    entry = AuditEntry.objects.get(action="suggestion.change")
    assert entry.by == agent
    assert entry.changes["state"] == ["proposed", "new"]


def test_answer_and_decline(agent_client: Client, agent: User, proposal: Suggestion) -> None:
    agent_client.post(
        f"{PATH}{proposal.pk}/", saved(proposal, state=State.DECLINED, answer="We rest on Sundays.")
    )
    proposal.refresh_from_db()
    assert (proposal.state, proposal.answered_by) == (State.DECLINED, agent)
    assert proposal.answered_at is not None


def test_what_is_wrong_is_said_and_kept(agent_client: Client, proposal: Suggestion) -> None:
    page = agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal, title="", answer="Kept"))
    assert page.status_code == 422
    assert "Kept" in page.content.decode()
    page = agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal, state="merged"))
    assert page.status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == State.PROPOSED


def test_joining_counts_a_browser_once_and_takes_everything_along(
    agent_client: Client, agent: User, proposal: Suggestion
) -> None:
    into = Suggestion.objects.create(title="Sundays", state=State.NEW)
    older = Suggestion.objects.create(title="Older", state=State.MERGED, merged_into=proposal)
    for voter in ("a", "b"):
        BoardVote.objects.create(suggestion=proposal, voter_hash=hashed(voter))
    board.vote(suggestion=into, voter="b")
    board.vote(suggestion=into, voter="c")
    BoardComment.objects.create(suggestion=proposal, text="Yes")
    for suggestion in (proposal, into):
        board.follow(suggestion=suggestion, address="ada@example.com", language="es")
    BoardFollower.objects.filter(suggestion=proposal).update(confirmed_at=timezone.now())

    response = agent_client.post(f"{PATH}{proposal.pk}/join/", {"into": into.pk})

    assert response["Location"] == f"{PATH}{into.pk}/"
    for row in (proposal, into, older):
        row.refresh_from_db()
    assert into.votes_count == 3
    assert (proposal.state, proposal.merged_into, older.merged_into) == (State.MERGED, into, into)
    assert into.comments.count() == 1
    assert into.followers.get(address="ada@example.com").confirmed_at is not None
    assert AuditEntry.objects.filter(action="suggestion.join", by=agent).exists()
    page = agent_client.get(f"{PATH}{proposal.pk}/").content.decode()
    assert "It was joined with:" in page
    with pytest.raises(moderation.MergedAlready):
        moderation.change_suggestion(
            suggestion=proposal, title="x", text="", state=State.NEW, answer="", by=agent
        )


def test_only_what_is_on_the_board_can_be_joined_with(
    agent_client: Client, agent: User, proposal: Suggestion
) -> None:
    hidden = Suggestion.objects.create(title="Hidden", state=State.REJECTED)
    for other in (hidden, proposal):
        with pytest.raises(moderation.CannotJoin):
            moderation.join(suggestion=proposal, into=other, by=agent)
        page = agent_client.post(f"{PATH}{proposal.pk}/join/", {"into": other.pk})
        assert page.status_code == 422


def test_comments_are_published_or_not(
    agent_client: Client, client: Client, agent: User, proposal: Suggestion
) -> None:
    agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal))
    said = board.comment(suggestion=proposal, text="Yes, please", name="Ada")
    path = f"{PATH}comments/{said.pk}/"

    for _twice in range(2):
        assert agent_client.post(path, {"publish": "1"})["Location"] == PATH
    assert "Yes, please" in client.get(f"/board/{proposal.pk}/").content.decode()
    assert AuditEntry.objects.filter(action="board_comment.judge").count() == 1
    back = agent_client.post(path, {"hide": "1", "back": "suggestion"})
    assert back["Location"] == f"{PATH}{proposal.pk}/"
    assert "Yes, please" not in client.get(f"/board/{proposal.pk}/").content.decode()


def test_the_business_comments_under_its_own_name(
    agent_client: Client, client: Client, agent: User, proposal: Suggestion
) -> None:
    agent_client.post(f"{PATH}{proposal.pk}/", saved(proposal))
    typed = {"say-text": "We are on it.", "stamp": stamp(purpose="say")}
    for _twice in range(2):
        agent_client.post(f"{PATH}{proposal.pk}/say/", typed)
    assert BoardComment.objects.get().author == agent
    assert "Ana Reis, Padaria Aurora" in client.get(f"/board/{proposal.pk}/").content.decode()
    page = agent_client.post(f"{PATH}{proposal.pk}/say/", {"stamp": stamp(purpose="say")})
    assert "There is nothing to publish yet." in page.content.decode()


def test_who_may_only_read_changes_nothing(
    read_only_client: Client, client: Client, proposal: Suggestion
) -> None:
    assert read_only_client.get(f"{PATH}{proposal.pk}/").status_code == 200
    assert read_only_client.post(f"{PATH}{proposal.pk}/", saved(proposal)).status_code == 403
    assert client.get(PATH).status_code == 302


def test_what_waits_stands_on_the_page_of_the_day(
    agent_client: Client, read_only_client: Client, proposal: Suggestion
) -> None:
    talked_about = Suggestion.objects.create(title="On the board", state=State.NEW)
    Suggestion.objects.create(title="Quiet", state=State.NEW)
    board.comment(suggestion=talked_about, text="Yes")

    page = agent_client.get("/today/").content.decode()
    assert "open SUNDAYS" in page
    assert "On the board" in page
    assert "Quiet" not in page
    assert "open SUNDAYS" not in read_only_client.get("/today/").content.decode()


@pytest.mark.browser
def test_its_pages_can_be_read_and_used_by_everybody(
    live_server: LiveServer, context: BrowserContext, page: Page, agent: User
) -> None:
    shown = Suggestion.objects.create(title="Open on Sundays", text="x", state=State.NEW)
    board.propose(title="A very long title of a suggestion " * 4)
    board.comment(suggestion=shown, text="Yes, please", name="Ada")
    moderation.say(suggestion=shown, text="We are on it.", by=agent)
    [cookie] = signed_in(agent).cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    looking = Looking(page)
    for path in ("", "?show=published", "?show=left-out", f"{shown.pk}/"):
        looking.open(live_server.url + PATH + path, language="en")
        looking.with_axe()
        looking.for_width()
    looking.found_nothing()
