"""A trigger said at which score a ticket is opened again: from now on a rule does."""

from django.db import migrations

# Lowest score of the groups low, middle and high of each kind, at that time.
GROUPS = {
    "nps": (("low", 0), ("middle", 7), ("high", 9)),
    "csat": (("low", 1), ("middle", 3), ("high", 4)),
    "ces": (("low", 1), ("middle", 4), ("high", 5)),
}
HIGH = 30


def thresholds_to_rules(apps, schema_editor):
    """A rule of the trigger's survey for each group that its threshold reached into."""
    triggers = apps.get_model("surveys", "SurveyTrigger").objects.using(
        schema_editor.connection.alias
    )
    rules = apps.get_model("surveys", "LoopRule").objects.using(schema_editor.connection.alias)
    for trigger in triggers.filter(follows_up_at__isnull=False).select_related("survey"):
        for group, lowest in GROUPS[trigger.survey.kind]:
            if lowest <= trigger.follows_up_at:
                rules.get_or_create(
                    survey=trigger.survey,
                    group=group,
                    defaults={
                        "name": f"{trigger.survey.name} ≤ {trigger.follows_up_at}"[:80],
                        "place": rules.count() + 1,
                        "opens_ticket": True,
                        "priority": HIGH,
                    },
                )


def rules_to_thresholds(apps, schema_editor):
    """As far up as the rules of the trigger's survey reach."""
    triggers = apps.get_model("surveys", "SurveyTrigger").objects.using(
        schema_editor.connection.alias
    )
    rules = apps.get_model("surveys", "LoopRule").objects.using(schema_editor.connection.alias)
    highest = {"nps": 10, "csat": 5, "ces": 7}
    for trigger in triggers.select_related("survey"):
        kind = trigger.survey.kind
        ends = [lowest - 1 for _group, lowest in GROUPS[kind][1:]] + [highest[kind]]
        groups = set(
            rules.filter(survey=trigger.survey, opens_ticket=True, is_active=True).values_list(
                "group", flat=True
            )
        )
        reached = [
            end for (group, _lowest), end in zip(GROUPS[kind], ends, strict=True) if group in groups
        ]
        if reached:
            triggers.filter(pk=trigger.pk).update(follows_up_at=max(reached))


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0011_answers_wait_for_the_rules"),
    ]

    operations = [
        migrations.RunPython(thresholds_to_rules, rules_to_thresholds),
    ]
