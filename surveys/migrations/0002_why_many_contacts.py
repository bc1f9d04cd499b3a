from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="skip",
            name="reason",
            field=models.CharField(
                choices=[
                    ("throttled", "asked recently"),
                    ("suppressed", "unsubscribed or not reachable"),
                    ("no_email", "no e-mail address"),
                    ("archived", "archived"),
                    ("shared_contact", "asked for another customer in the same sending"),
                    ("many_contacts", "several contacts, none of them the first to ask"),
                ],
                max_length=14,
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=models.Q(("sent_at", None)),
                fields=["created_at"],
                name="surveys_invitation_unsent",
            ),
        ),
    ]
