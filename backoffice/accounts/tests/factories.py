"""People for tests."""

import factory
from django.contrib.auth.models import Permission

from backoffice.accounts.models import User

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        password = kwargs.pop("password", PASSWORD)
        return User.objects.create_user(password=password, **kwargs)


class StaffFactory(UserFactory):
    is_staff = True

    @factory.post_generation
    def permissions(self, create, extracted, **kwargs):
        """`permissions=["catalog.review_goods", …]`."""
        for name in extracted or []:
            app_label, codename = name.split(".")
            self.user_permissions.add(
                Permission.objects.get(
                    content_type__app_label=app_label, codename=codename
                )
            )


class AdminFactory(UserFactory):
    is_staff = True
    is_superuser = True
