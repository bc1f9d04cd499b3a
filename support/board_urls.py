"""The addresses at which the business looks after its board."""

from django.urls import URLPattern, path

from support.views import moderation

urlpatterns: list[URLPattern] = [
    path("board/moderation/", moderation.board, name="board"),
    path("board/moderation/<int:pk>/", moderation.suggestion, name="suggestion"),
    path("board/moderation/<int:pk>/join/", moderation.join, name="suggestion-join"),
    path("board/moderation/<int:pk>/say/", moderation.say, name="board-say"),
    path("board/moderation/comments/<int:pk>/", moderation.judge, name="board-judge"),
]
