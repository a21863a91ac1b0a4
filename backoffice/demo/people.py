"""Who works in the demo shop: one person for each role."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.utils.crypto import get_random_string

from backoffice.accounts.models import User
from backoffice.accounts.staff import create_staff
from backoffice.demo.passwords import ADMIN


@dataclass(frozen=True)
class Person:
    """Their user name is the name of their role, easy to remember in a demo."""

    username: str
    role: str
    nickname: str
    mobile: str
    ip: str


#: mobiles of a block that is not given out
PEOPLE = [
    Person("buyer", "buyer", "陈志强", "13000000001", "192.168.1.21"),
    Person("reviewer", "reviewer", "李敏", "13000000002", "192.168.1.22"),
    Person("merchandiser", "merchandiser", "王倩", "13000000003", "192.168.1.23"),
    Person("keeper", "stock_keeper", "赵大勇", "13000000004", "192.168.1.24"),
    Person("service", "service", "孙晓雨", "13000000005", "192.168.1.25"),
    Person("finance", "finance", "周静", "13000000006", "192.168.1.26"),
    Person("manager", "manager", "林国栋", "13000000007", "192.168.1.11"),
]


def make_admin() -> User:
    """The superuser of the demo; the password comes when the shop is started."""
    return User.objects.create_superuser(ADMIN, nickname="系统管理员")


def make_staff(by: User) -> dict[str, User]:
    """{user name: user}, each in their role; their passwords come with the admin's."""
    return {
        person.username: create_staff(
            by=by,
            username=person.username,
            # nobody learns it: `passwords.settle` sets the real one
            password=get_random_string(32),
            nickname=person.nickname,
            mobile=person.mobile,
            email=f"{person.username}@shop.example",
            roles=[Group.objects.get(name=person.role)],
        )
        for person in PEOPLE
    }
