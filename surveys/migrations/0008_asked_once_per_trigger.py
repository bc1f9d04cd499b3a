from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0007_invitations_name_their_trigger"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("trigger__isnull", False)),
                fields=("trigger", "subject_model", "subject_id", "occurrence"),
                name="surveys_asked_once_about",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("subject_model", ""), ("trigger", None)),
                    models.Q(
                        ("occurrence__isnull", False),
                        ("subject_id__isnull", False),
                        models.Q(("subject_model", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="surveys_trigger_names_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="skip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("trigger__isnull", False)),
                fields=("trigger", "subject_model", "subject_id", "occurrence"),
                name="surveys_skipped_once_about",
            ),
        ),
    ]
