"""The addresses of people who have no account."""

from django.urls import URLPattern, path

from support.views.public import board, feedback, follow

urlpatterns: list[URLPattern] = [
    path("t/<str:token>/", follow.follow, name="follow"),
    path("t/<str:token>/files/<int:pk>/", follow.follow_file, name="follow-file"),
    path("feedback/", feedback.feedback, name="feedback"),
    path("feedback/thanks/", feedback.feedback_thanks, name="feedback-thanks"),
    path("board/", board.board, name="public-board"),
    path("board/new/", board.propose, name="board-propose"),
    path("board/following/<str:token>/", board.following, name="board-following"),
    path("board/<int:pk>/", board.suggestion, name="public-suggestion"),
    path("board/<int:pk>/vote/", board.vote, name="board-vote"),
    path("board/<int:pk>/comment/", board.comment, name="board-comment"),
    path("board/<int:pk>/follow/", board.follow, name="board-follow"),
]
