"""Tells the names of columns that any system may use from those that only a few systems have.

A built-in mapping is recognised only by names of the second kind: an `id`, an e-mail address and an amount are in the
files of every shop.
"""

import re
from collections.abc import Iterable

from pipelines.landing.expressions import Path

# The words of which usual names of columns consist. A name with another word, such as `Lineitem price`, is specific.
_USUAL = (
    "id uuid no nr num number code key ref reference row index",
    "customer client user member contact person buyer account company organization guest",
    "name first last full middle given family sur surname title gender sex birth birthday dob age of",
    "email e mail phone mobile telephone tel fax website url",
    "address street city town zip postal postcode state region province country location",
    "order orders sale sales purchase transaction invoice receipt payment payments item items line lines position",
    "product products article sku category brand quantity qty unit units price cost",
    "amount total sub subtotal sum value gross net tax vat discount shipping currency fee",
    "date time datetime timestamp day month year at on",
    "created create creation updated update modified changed placed ordered paid cancelled canceled closed opened open",
    "sent start started end ended registered signup signed up",
    "status type kind channel source method priority subject description text body note notes comment comments reason",
    "message content tag tags data is has the and in by from to for",
    "billing delivery case ticket event campaign lead agent",
)
_WORDS = frozenset(word for line in _USUAL for word in line.split())
# Usual names in Chinese, where no blank separates words.
_PARTS = re.compile(
    "(?:订单|客户|会员|用户|顾客|商品|产品|联系人|联系|收货人|工单|退款|退货|销售|支付|付款|下单|创建|修改|更新|完成|关闭|注册|开始|结束|提交"
    "|编号|编码|单号|号码|号|名称|姓名|名|手机|电话|邮箱|邮件|性别|生日|出生|地址|国家|省份|省|城市|市|区|状态|类型|来源|等级|级别|积分|金额|总"
    "|价格|单价|数量|币种|日期|时间|备注|描述|内容|主题|标题|原因|渠道|负责人|优先级|行业|人|id)+"
)


def is_generic(path: Path) -> bool:
    """Whether a column has a name that files of any system may have.

    Args:
        path: The name of the column; of a field inside others the names on the way to it.
    """
    return all(_is_usual(part) for part in path)


def specific(paths: Iterable[Path]) -> int:
    """How many columns have a name that says something about the system."""
    return sum(not is_generic(path) for path in paths)


def _is_usual(name: str) -> bool:
    words = re.findall(r"[a-z]+|\d+|[^\W\d_a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    return all(word in _WORDS or word.isdigit() or _PARTS.fullmatch(word) for word in words)
