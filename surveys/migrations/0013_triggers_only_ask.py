from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0012_low_answers_follow_rules"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="surveytrigger",
            name="follows_up_at",
        ),
    ]
