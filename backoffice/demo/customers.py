"""Who buys in the demo shop: customers with addresses, by password and by WeChat.

The first of them is the storefront's sign-in of the demo; the code `demo-customer` of
WeChat's stand-in signs the same person in.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.crypto import get_random_string

from backoffice.accounts import addresses, care, customers, joining
from backoffice.accounts.models import User
from backoffice.base import context
from backoffice.demo.acts import Act
from backoffice.demo.wechat import mobile_of, openid_of
from sales import points

#: the user name that the terminal prints
MAIN = "customer"
Add = Callable[[int, int, int, str, Act], None]
Home = tuple[str, str, str, str]


@dataclass(frozen=True)
class Person:
    """`key` is the user name, or the name in `demo-<key>` for who came by WeChat."""

    key: str
    nickname: str
    joined: int
    by_wechat: bool
    homes: tuple[Home, ...]


def _in(city: str, district: str, *details: str) -> tuple[Home, ...]:
    province = {"杭州市": "浙江省", "苏州市": "江苏省"}.get(city, city)
    return tuple((province, city, district, detail) for detail in details)


PEOPLE = (
    Person(MAIN, "李小雨", 22, False, _in("杭州市", "西湖区", "文三路 90 号 3 幢 1102", "黄龙路 5 号前台")),
    Person("wang", "王建国", 21, False, _in("杭州市", "拱墅区", "湖墅南路 186 号 2 单元 601")),
    Person("zhao", "赵阿姨", 20, True, _in("杭州市", "上城区", "清泰街 412 号 305")),
    Person("chen", "陈晨", 19, True, _in("杭州市", "滨江区", "江南大道 288 号 A 座 17 楼")),
    Person("lin", "林妹妹", 17, True, _in("杭州市", "余杭区", "文一西路 969 号 8 幢 201")),
    Person("zhou", "周末果汁铺", 16, False, _in("杭州市", "西湖区", "古翠路 76 号一楼", "学院路 28 号仓库")),
    Person("wu", "吴老师", 14, True, _in("杭州市", "临平区", "南苑街 57 号 6 幢 902")),
    Person("xu", "徐先生", 12, True, _in("苏州市", "姑苏区", "平江路 12 号")),
    Person("sun", "孙大妈水果摊", 11, False, _in("杭州市", "萧山区", "市心中路 818 号 12 号摊")),
    Person("he", "何小满", 8, True, _in("杭州市", "钱塘区", "学林街 2 号 4 幢 1507")),
    Person("gao", "高兴", 5, True, ()),
    Person("luo", "罗生", 3, True, _in("北京市", "朝阳区", "建国路 93 号 10 号楼 2003")),
    Person("tang", "唐糖", 1, True, ()),
)  # fmt: skip


def plan(add: Add) -> None:
    """Let them come over the weeks, sign in again, and be looked after."""
    for place, person in enumerate(PEOPLE):
        add(person.joined, 10 + place % 9, 7 * place % 60, "", _come(person))
        for days in range(person.joined - 3, 0, -5 - place % 4):
            add(days, 11 + place % 8, 11 * place % 60, "", _come_again(person))
    add(6, 16, 20, "manager", _switch_off("wu", "多次恶意退货，已电话沟通"))
    add(2, 10, 15, "service", _unbind("xu", "顾客换了微信号"))


def known_as(person: Person) -> str:
    """The mobile of a person: as WeChat's stand-in vouches for it, or one of a block
    that is not given out."""
    if person.by_wechat or person.key == MAIN:
        return mobile_of(f"demo-{person.key}")
    return f"13000001{PEOPLE.index(person):03d}"


def find(key: str) -> User:
    """The customer of this key."""
    return _user(_person(key))


def ip_of(key: str) -> str:
    """The address that they always come from."""
    return f"198.51.100.{PEOPLE.index(_person(key)) + 20}"


def _person(key: str) -> Person:
    return next(person for person in PEOPLE if person.key == key)


def _user(person: Person) -> User:
    return User.objects.get(mobile=known_as(person))


def _come(person: Person) -> Act:
    def act(_by: User) -> None:
        with context.using(means="api", ip=ip_of(person.key)):
            if person.by_wechat:
                bind = joining.read_bind_token(
                    joining.bind_token(openid_of(f"demo-{person.key}"))
                )
                user = joining.join(bind, known_as(person), nickname=person.nickname)
            else:
                user = customers.register(
                    mobile=known_as(person),
                    # nobody learns it: `passwords.settle` sets the one of MAIN
                    password=get_random_string(32),
                    username=person.key,
                    nickname=person.nickname,
                )
            if person.key == MAIN:
                joining.link(user, openid_of(f"demo-{MAIN}"))
            customers.note_sign_in(user)
            for number, home in enumerate(person.homes):
                _add_home(user, home, is_default=number == 0)

    return act


def _add_home(user: User, home: Home, *, is_default: bool) -> None:
    province, city, district, detail = home
    addresses.add(
        user,
        {
            "receiver": user.nickname,
            "mobile": user.mobile,
            "province": province,
            "city": city,
            "district": district,
            "detail": detail,
            "is_default": is_default,
        },
    )


def _come_again(person: Person) -> Act:
    def act(_by: User) -> None:
        user = _user(person)
        if user.is_active:
            with context.using(means="api", ip=ip_of(person.key)):
                customers.note_sign_in(user)

    return act


def _switch_off(key: str, reason: str) -> Act:
    return lambda by: care.disable(find(key), by=by, reason=reason) and None


def _unbind(key: str, reason: str) -> Act:
    return lambda by: care.unbind(find(key), by=by, reason=reason) and None


def reward(by: User) -> None:
    """Points for the first customers."""
    for key in (MAIN, "wang", "zhao"):
        points.adjust(
            find(key), 1000, by=by, reason="开业老顾客回馈", reference=f"opening-{key}"
        )
