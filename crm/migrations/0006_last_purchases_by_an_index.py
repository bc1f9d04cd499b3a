from django.db import migrations, models

from staff.ordering import EmptyAsLeast


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0005_tenures_know_their_time_zone"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="crm_customer_last_order"),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                EmptyAsLeast(models.F("last_order_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="crm_customer_last_purchase",
            ),
        ),
    ]
