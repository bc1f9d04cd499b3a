"""`/board/`: suggestions in public, supported once per browser, followed by those who confirm it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from mail.models import OutgoingEmail
from staff.models import Business, User
from support import desk
from support.actions import board, moderation
from support.actions.feedback import give_feedback
from support.correspondents import Correspondent
from support.models import BoardComment, BoardFollower, BoardVote, Suggestion, Ticket
from tests.support.test_feedback import stamp

pytestmark = pytest.mark.django_db

State = Suggestion.State
BOARD = "/board/"


@pytest.fixture(autouse=True)
def _no_limits_of_others(business: Business) -> None:
    cache.clear()


@pytest.fixture
def sundays() -> Suggestion:
    return published("Open on Sundays")


def published(title: str, state: str = State.NEW, votes: int = 0) -> Suggestion:
    return Suggestion.objects.create(
        title=title, state=state, votes_count=votes, published_at=timezone.now(), language="en"
    )


def at(suggestion: Suggestion, act: str = "") -> str:
    return f"/board/{suggestion.pk}/{act}"


def words(response: HttpResponse) -> str:
    return response.content.decode()


# --- Reading ------------------------------------------------------------------------------


def test_an_empty_board_says_what_it_is_for(client: Client) -> None:
    assert "Nobody has suggested anything yet" in words(client.get(BOARD))
    assert "Nothing here so far." in words(client.get(f"{BOARD}?state=done"))


def test_only_what_was_published_is_shown_the_most_supported_first(client: Client) -> None:
    for state in State:
        published(f"It is {state}", state, votes=len(state))
    shown = words(client.get(BOARD))
    assert re.findall(r"It is (\w+)", shown) == ["started", "planned", "new"]
    assert "It is done" in words(client.get(f"{BOARD}?state=done"))
    for hidden in (State.PROPOSED, State.REJECTED):
        assert client.get(at(Suggestion.objects.get(state=hidden))).status_code == 404


def test_pages_go_by_key_and_queries_do_not_grow(
    client: Client, django_assert_num_queries: object
) -> None:
    Suggestion.objects.bulk_create(
        [Suggestion(title=f"Wish {n:02}", state=State.NEW, votes_count=n % 7) for n in range(70)]
    )
    desk.settings()
    with django_assert_num_queries(3):  # type: ignore[operator]
        # business; the desk's settings; suggestions
        first = client.get(BOARD)
    seen = re.findall(r"Wish \d\d", words(first))
    while following := re.search(r'rel="next" href="([^"]+)"', words(first)):
        first = client.get(BOARD + following[1])
        seen += re.findall(r"Wish \d\d", words(first))
    assert len(seen) == len(set(seen)) == 70


def test_a_suggestion_shows_its_answer_and_published_comments_safely(
    client: Client, sundays: Suggestion, agent: User
) -> None:
    Suggestion.objects.filter(pk=sundays.pk).update(
        text="<script>alert(1)</script> [x](javascript:alert(1))", answer="From <b>May</b> on."
    )
    BoardComment.objects.create(suggestion=sundays, text="Waiting", name="Eve")
    BoardComment.objects.create(
        suggestion=sundays, text="Yes, please", name="<i>Ada</i>", state="published"
    )
    moderation.say(suggestion=sundays, text="We are asking the team.", by=agent)

    page = words(client.get(at(sundays)))

    assert "&lt;script&gt;alert(1)" in page
    assert "javascript:alert(1)&quot;" not in page
    assert "From &lt;b&gt;May&lt;/b&gt; on." in page
    assert "Yes, please" in page
    assert "&lt;i&gt;Ada&lt;/i&gt;" in page
    assert "Ana Reis, Padaria Aurora" in page
    assert "Waiting" not in page


def test_what_was_joined_leads_to_the_other(client: Client, sundays: Suggestion) -> None:
    other = Suggestion.objects.create(title="x", state=State.MERGED, merged_into=sundays)
    assert client.get(at(other))["Location"] == at(sundays)


def test_the_board_can_be_switched_off(client: Client, sundays: Suggestion) -> None:
    rules = desk.settings()
    rules.has_board = False
    rules.save()
    for path in (BOARD, "/board/new/", at(sundays)):
        assert client.get(path).status_code == 404
    for act in ("vote/", "comment/", "follow/"):
        assert client.post(at(sundays, act)).status_code == 404
    assert not BoardVote.objects.exists()


# --- Voting ---------------------------------------------------------------------------------


def test_one_vote_per_browser_and_it_can_be_taken_back(sundays: Suggestion) -> None:
    ada, bob = Client(), Client()
    for _press in range(3):
        ada.post(at(sundays, "vote/"))
    bob.post(at(sundays, "vote/"))
    sundays.refresh_from_db()
    assert sundays.votes_count == BoardVote.objects.count() == 2
    assert "Take my vote back" in words(ada.get(at(sundays)))
    assert "You support it" in words(ada.get(BOARD))
    assert "I want this too" in words(Client().get(at(sundays)))

    for _press in range(2):
        ada.post(at(sundays, "vote/"), {"take_back": "1"})
    Client().post(at(sundays, "vote/"), {"take_back": "1"})
    sundays.refresh_from_db()
    assert sundays.votes_count == BoardVote.objects.count() == 1


def test_looking_is_no_vote_and_a_made_up_cookie_is_none(sundays: Suggestion) -> None:
    client = Client()
    assert client.get(at(sundays, "vote/")).status_code == 405
    client.cookies["voter"] = "made-up"
    client.post(at(sundays, "vote/"))
    assert client.cookies["voter"].value != "made-up"
    assert client.cookies["voter"]["httponly"]
    assert BoardVote.objects.count() == 1


def test_one_address_can_not_vote_for_a_crowd(sundays: Suggestion) -> None:
    for _visitor in range(14):
        last = Client().post(at(sundays, "vote/"), follow=True)
    assert BoardVote.objects.count() == 10
    assert "Too many votes came from your network" in words(last)
    Client(REMOTE_ADDR="10.9.8.7").post(at(sundays, "vote/"))
    assert BoardVote.objects.count() == 11


def test_another_site_can_not_vote_for_a_visitor(sundays: Suggestion) -> None:
    assert Client(enforce_csrf_checks=True).post(at(sundays, "vote/")).status_code == 403


# --- Proposing and commenting -----------------------------------------------------------------


def test_a_proposal_waits_for_somebody_to_look_at_it(client: Client) -> None:
    typed = {"title": "Open on Sundays", "text": "Please", "stamp": stamp(purpose="proposal")}
    for _twice in range(2):
        response = client.post("/board/new/", {**typed, "state": "new", "votes_count": "99"})
    assert response["Location"] == BOARD
    suggestion = Suggestion.objects.get()
    assert (suggestion.state, suggestion.votes_count) == (State.PROPOSED, 0)
    assert "We read your suggestion before others see it" in words(client.get(BOARD))
    assert "Open on Sundays" not in words(client.get(BOARD))


def test_a_proposal_keeps_what_was_typed(client: Client) -> None:
    page = client.post("/board/new/", {"title": "x", "text": "Please <b>", "stamp": "forged"})
    assert page.status_code == 422
    assert "Please &lt;b&gt;" in words(page)
    assert not Suggestion.objects.exists()


def test_programs_reach_nobody(client: Client, sundays: Suggestion) -> None:
    trap = {"website": "x"}
    client.post(
        "/board/new/",
        {"title": "Buy pills", "email": "a@b.example", "stamp": stamp(purpose="proposal"), **trap},
    )
    client.post(
        at(sundays, "comment/"), {"comment-text": "Buy", "stamp": stamp(purpose="comment"), **trap}
    )
    client.post(
        at(sundays, "follow/"),
        {"follow-email": "a@b.example", "stamp": stamp(purpose="follow"), **trap},
    )
    assert Suggestion.objects.get(title="Buy pills").state == State.REJECTED
    assert BoardComment.objects.get().state == BoardComment.State.REJECTED
    assert not BoardFollower.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_a_comment_waits_too_and_is_made_once(client: Client, sundays: Suggestion) -> None:
    typed = {
        "comment-text": "Yes, please",
        "comment-name": "Ada",
        "comment-state": "published",
        "stamp": stamp(purpose="comment"),
    }
    for _twice in range(2):
        client.post(at(sundays, "comment/"), typed)
    said = BoardComment.objects.get()
    assert (said.name, said.state, said.author) == ("Ada", BoardComment.State.PROPOSED, None)
    page = client.post(
        at(sundays, "comment/"), {"comment-text": "", "stamp": stamp(purpose="comment")}
    )
    assert page.status_code == 422
    assert "This field is required." in words(page)
    # Loaded again, the address of the refused form is the suggestion's page.
    assert client.get(at(sundays, "comment/?after=x"))["Location"] == at(sundays, "?after=x")


def test_words_are_limited_per_address(
    client: Client, sundays: Suggestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.views.public.board.WORDS_AN_HOUR", 1)
    for number in range(3):
        last = client.post(
            at(sundays, "comment/"),
            {"comment-text": f"Yes {number}", "stamp": stamp(purpose="comment")},
        )
    assert BoardComment.objects.count() == 1
    assert "That was a lot at once" in words(last)


# --- Following --------------------------------------------------------------------------------


def ask(client: Client, suggestion: Suggestion, address: str = "Ada@Example.com") -> None:
    client.post(
        at(suggestion, "follow/"), {"follow-email": address, "stamp": stamp(purpose="follow")}
    )


def link_in(mail: OutgoingEmail) -> str:
    found = re.search(r"https?://[^/]+(/board/\S+)", mail.text)
    assert found
    return found[1]


def test_an_address_is_believed_once_its_owner_pressed(client: Client, sundays: Suggestion) -> None:
    for _twice in range(2):
        ask(client, sundays)
    mail = OutgoingEmail.objects.get()
    assert mail.to_address == "ada@example.com"
    assert "Sundays" not in mail.text  # nothing that a stranger wrote
    link = link_in(mail)
    stored = BoardFollower.objects.get()
    assert stored.token_hash not in link

    for _look in range(2):
        assert "Yes, tell me" in words(client.get(link))
    client.head(link)
    stored.refresh_from_db()
    assert stored.confirmed_at is None

    client.post(link)
    confirmed_at = BoardFollower.objects.get().confirmed_at
    client.post(link)
    assert confirmed_at is not None
    assert BoardFollower.objects.get().confirmed_at == confirmed_at
    assert "We tell you when it is done" in words(client.get(link))

    client.post(link, {"stop": "1"})
    assert not BoardFollower.objects.exists()
    assert client.get(link).status_code == 404


def test_nobody_is_flooded_with_questions(client: Client, agent: User) -> None:
    for number in range(14):
        ask(Client(REMOTE_ADDR=f"10.0.0.{number}"), published(f"Wish {number}"))
    assert OutgoingEmail.objects.filter(to_address="ada@example.com").count() == 10
    ask(client, published("Wish"), "noreply@example.com")
    assert not OutgoingEmail.objects.filter(to_address="noreply@example.com").exists()


def test_a_day_later_one_may_be_asked_again(client: Client, sundays: Suggestion) -> None:
    ask(client, sundays)
    BoardFollower.objects.update(created_at=timezone.now() - timedelta(days=2))
    ask(client, sundays)
    first, second = OutgoingEmail.objects.order_by("pk")
    assert client.get(link_in(first)).status_code == 404
    assert client.get(link_in(second)).status_code == 200


def test_done_is_told_once_to_each_in_their_language(
    client: Client, sundays: Suggestion, agent: User
) -> None:
    for address, language in (("ada@example.com", "es"), ("bob@example.com", "pt-br")):
        board.follow(suggestion=sundays, address=address, language=language)
    board.follow(suggestion=sundays, address="eve@example.com", language="en")
    BoardFollower.objects.exclude(address="eve@example.com").update(confirmed_at=timezone.now())
    ticket = give_feedback(
        kind=Ticket.Kind.SUGGESTION,
        text="Sundays, too",
        sender=Correspondent("ADA@example.com", "Ada", "es"),
    )
    proposal = Suggestion.objects.get(ticket=ticket)
    moderation.join(suggestion=proposal, into=sundays, by=agent)
    give_feedback(
        kind=Ticket.Kind.SUGGESTION, text="x", sender=Correspondent("zoe@example.com", "Zoe", "en")
    )
    OutgoingEmail.objects.all().delete()

    for state in (State.DONE, State.PLANNED, State.DONE):
        moderation.change_suggestion(
            suggestion=sundays,
            title="Open on Sundays",
            text="",
            state=state,
            answer="Since May.",
            by=agent,
        )

    mails = OutgoingEmail.objects.order_by("to_address")
    assert [(mail.to_address, mail.language) for mail in mails] == [
        ("ada@example.com", "es"),
        ("bob@example.com", "pt-br"),
    ]
    assert all("Open on Sundays" in mail.subject and "Since May." in mail.text for mail in mails)
    assert all(link_in(mail) == at(sundays) for mail in mails)
    # Who confirms afterwards hears at once.
    board.confirm(follower=BoardFollower.objects.get(address="eve@example.com"))
    assert OutgoingEmail.objects.filter(to_address="eve@example.com").count() == 1


def test_addresses_that_are_of_no_use_any_more_are_forgotten(sundays: Suggestion) -> None:
    for name in ("never", "new", "waits", "told", "long-told"):
        board.follow(suggestion=sundays, address=f"{name}@example.com", language="en")
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=31)
    rows = BoardFollower.objects
    rows.exclude(address="new@example.com").update(created_at=long_ago)
    rows.exclude(address__startswith="ne").update(confirmed_at=long_ago)
    rows.filter(address="told@example.com").update(told_at=now)
    rows.filter(address="long-told@example.com").update(told_at=long_ago)

    assert (board.forget_followers(), board.forget_followers()) == (2, 0)
    kept = rows.order_by("address").values_list("address", flat=True)
    assert list(kept) == ["new@example.com", "told@example.com", "waits@example.com"]
