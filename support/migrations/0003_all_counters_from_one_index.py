"""What the counters of the desk ask of an open ticket is all in the index by queue: see support.tally."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("support", "0002_tickets_are_found_by_words")]
    operations = [
        migrations.RemoveIndex(model_name="ticket", name="support_open_queue"),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["queue", "-last_activity_at", "-id"],
                include=["state", "assignee", "snoozed_until", "next_due_at"],
                condition=models.Q(state__in=["new", "open", "waiting", "on_hold"]),
                name="support_open_queue",
            ),
        ),
    ]
