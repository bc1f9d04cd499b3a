from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0010_comments_are_found_by_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="response",
            name="unseen_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="looprule",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="followup",
            name="thanked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("unseen_since__isnull", False), ("validity", "valid")),
                fields=["id"],
                name="surveys_response_unseen",
            ),
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(fields=["rule", "created_at"], name="surveys_follow_up_rule"),
        ),
    ]
