"""The addresses of what follows an answer: rules, review sites, words that may be quoted."""

from django.urls import URLPattern, path

from surveys.views import loops, review_sites, testimonials

urlpatterns: list[URLPattern] = [
    path("surveys/rules/", loops.rules, name="rules"),
    path("surveys/rules/new/", loops.rule_create, name="rule-create"),
    path("surveys/rules/<int:rule_id>/", loops.rule_edit, name="rule-edit"),
    path("surveys/rules/<int:rule_id>/<slug:step>/", loops.rule_step, name="rule-step"),
    path("surveys/review-sites/", review_sites.site_list, name="review-sites"),
    path("surveys/review-sites/new/", review_sites.site_create, name="review-site-create"),
    path("surveys/review-sites/<int:site_id>/", review_sites.site_edit, name="review-site-edit"),
    path(
        "surveys/review-sites/<int:site_id>/<slug:step>/",
        review_sites.site_step,
        name="review-site-step",
    ),
    path("surveys/testimonials/", testimonials.testimonial_list, name="testimonial-list"),
    path(
        "surveys/testimonials/<int:testimonial_id>/withdraw/",
        testimonials.testimonial_withdraw,
        name="testimonial-stop",
    ),
    # Of strangers; the proof in the form names the answer.
    path("testimonials/agree/", testimonials.agree, name="testimonial-agree"),
    path("testimonials/withdraw/", testimonials.withdraw, name="testimonial-withdraw"),
]
