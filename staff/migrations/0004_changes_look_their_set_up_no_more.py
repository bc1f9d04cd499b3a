from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staff", "0003_exports")]

    operations = [
        migrations.AlterField(
            model_name="change",
            name="change_set",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=models.deletion.CASCADE,
                related_name="changes",
                to="staff.changeset",
            ),
        ),
    ]
