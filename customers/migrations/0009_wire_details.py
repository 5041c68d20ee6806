"""What only programs say of whom to write to: the middle name, the region, and whom a billing profile is of."""

import partners.legible
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0008_privileges_expire"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingprofile",
            name="middle_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=50,
                validators=[partners.legible.validate_legible],
                verbose_name="middle name",
            ),
        ),
        migrations.AddField(
            model_name="billingprofile",
            name="profile_first_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=50,
                validators=[partners.legible.validate_legible],
                verbose_name="first name of the profile",
            ),
        ),
        migrations.AddField(
            model_name="billingprofile",
            name="profile_last_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=50,
                validators=[partners.legible.validate_legible],
                verbose_name="last name of the profile",
            ),
        ),
        migrations.AddField(
            model_name="billingprofile",
            name="region",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=100,
                validators=[partners.legible.validate_legible],
                verbose_name="region",
            ),
        ),
        migrations.AddField(
            model_name="contactdetails",
            name="middle_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=50,
                validators=[partners.legible.validate_legible],
                verbose_name="middle name",
            ),
        ),
        migrations.AddField(
            model_name="contactdetails",
            name="region",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=100,
                validators=[partners.legible.validate_legible],
                verbose_name="region",
            ),
        ),
    ]
