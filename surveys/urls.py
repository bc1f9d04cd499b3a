"""The addresses of this room."""

from django.urls import URLPattern, path

from surveys import loop_urls, public_urls
from surveys.views import (
    answer,
    answers,
    askings,
    results,
    reviews,
    sending,
    surveys,
    tags,
    triggers,
)

app_name = "surveys"
urlpatterns: list[URLPattern] = [
    path("s/<slug:token>/", answer.answer, name="answer"),
    path("surveys/", surveys.survey_list, name="survey-list"),
    path("surveys/new/<slug:kind>/", surveys.survey_create, name="survey-create"),
    path("surveys/triggers/", triggers.trigger_list, name="trigger-list"),
    path("surveys/triggers/new/<slug:moment>/", triggers.trigger_create, name="trigger-create"),
    path("surveys/triggers/<int:trigger_id>/", triggers.trigger_edit, name="trigger"),
    path("surveys/triggers/<int:trigger_id>/pause/", triggers.trigger_pause, name="trigger-pause"),
    path("settings/surveys/", triggers.asking_rules, name="asking-rules"),
    path("customers/<int:customer_id>/askings/", askings.askings, name="askings"),
    # Without a survey: the customers are chosen, the question is not.
    path("surveys/send/", sending.choose_survey, name="preflight"),
    path("surveys/<int:survey_id>/", results.survey, name="survey"),
    path("surveys/<int:survey_id>/edit/", surveys.survey_edit, name="survey-edit"),
    path("surveys/<int:survey_id>/send/", sending.preflight, name="preflight"),
    path("surveys/<int:survey_id>/test/", sending.test_send, name="test-send"),
    path("surveys/<int:survey_id>/look/<slug:language>/", sending.answer_look, name="answer-look"),
    path("surveys/<int:survey_id>/mail/<slug:language>/", sending.mail_sample, name="mail-sample"),
    path("surveys/answers/", answers.answer_list, name="response-list"),
    path("surveys/answers/<int:response_id>/tags/", answers.tag_put_on, name="tag-put-on"),
    path(
        "surveys/answers/<int:response_id>/tags/<int:tag_id>/off/",
        answers.tag_take_off,
        name="tag-take-off",
    ),
    path("surveys/answers/<int:response_id>/sounds/", answers.sentiment_set, name="sentiment"),
    path("surveys/tags/", tags.tag_list, name="tag-list"),
    path("surveys/tags/new/", tags.tag_create, name="tag-create"),
    path("surveys/tags/<int:tag_id>/", tags.tag_edit, name="tag-edit"),
    path("surveys/tags/<int:tag_id>/delete/", tags.tag_delete, name="tag-delete"),
    path("reviews/", reviews.review_list, name="review-list"),
    path("reviews/new/", reviews.review_create, name="review-create"),
    path("reviews/<int:review_id>/", reviews.review_edit, name="review-edit"),
    path("reviews/<int:review_id>/delete/", reviews.review_delete, name="review-delete"),
    path("surveys/undo/<int:pk>/", reviews.undo, name="undo"),
    path("surveys/answers/<int:response_id>/count/", results.response_count, name="response-count"),
    path(
        "surveys/answers/<int:response_id>/discard/",
        results.response_discard,
        name="response-discard",
    ),
    path("surveys/answers/<int:response_id>/hold/", results.response_hold, name="response-hold"),
    *loop_urls.urlpatterns,
    *public_urls.urlpatterns,
]
