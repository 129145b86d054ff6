"""The usual wordings of the three scores that most surveys ask, as regular expressions of RE2.

They are for a question in the form that `wordings.plain` gives it. A question that is taken for a score that it does
not ask changes numbers that nobody would look at again; one that is not known is listed by the run. So a wording that
may name something else is not known.
"""

# Regular expressions for a question in the form that `plain` gives it: letters and digits, words in lower case with
# one blank between them. Each score has the scale that is usual for it. A question whose wording states another scale
# is not known; one with another scale is listed by the run if its answers show it.
USUAL = (
    ("nps", r"how likely (are you|is it that you|would you be).* (recommend|refer)\b"),
    ("nps", r"\b(would|will) you recommend\b.*\b0 (to )?10\b|\b0 (to )?10\b.*\b(would|will) you recommend\b"),
    ("nps", r"多大(的)?(可能|程度|意愿).*推荐|推荐.*(可能性|意愿|程度)(有|是)?(多大|多高|多少|几分)"),
    ("nps", r"\b0 ?(到|至|分到|分至|分)? ?10.*推荐|推荐.*0 ?(到|至|分到|分至|分)? ?10"),
    ("csat_overall", r"\boverall\b.*\bhow (satisfied|happy)\b|\bhow (satisfied|happy) (are|were) you\b.*\boverall\b"),
    ("csat_overall", r"\bhow satisfied (are|were) you with (us|our (company|service|services|products?))$"),
    ("csat_overall", r"\boverall satisfaction\b"),
    ("csat_overall", r"(总体|整体|总的).*满意|满意.*(总体|整体)"),
    ("csat_purchase", r"\bhow satisfied (are|were) you with (this|your|your (last|latest|recent)) (purchase|order)$"),
    ("csat_purchase", r"(这次|本次|此次)(购买|购物|消费).*满意"),
    ("ces", r"\bmade it easy (for me )?to (handle|resolve|solve) my (issue|problem|request)\b"),
    ("ces", r"(轻松|容易|方便)地?(解决|处理)了?我的问题"),
)

_DETERMINER = "the|our|your|this|that|these|those|its|their|my"
_ADJECTIVES = (
    rf"(({_DETERMINER}|all|of|overall|general|whole|entire|last|latest|recent|new|online|in|store|shop|shopping|customer"
    r"|product|service|quality|speed|level|range|ease) )*"
)
_PARTS = (
    "parking|deliver(y|ies)|shipping|shipment|packag(e|es|ing)|web ?sites?|sites?|apps?|staff|employees?|team|agents?"
    "|support|helpdesk|hotline|call|chat|check ?out|payments?|pric(e|es|ing)|fees?|cost|quality|selection|assortment"
    "|availability|returns?|refunds?|exchanges?|cleanliness|location|atmosphere|food|menu|queue|waiting times?"
    "|opening hours"
    "|newsletters?|e ?mails?|communication|information|advice|advertising|promotions?|offers?|rewards?|points"
    "|loyalty program(me)?|program(me)?|membership|installation|repairs?|maintenance|warranty|training|onboarding"
    "|account"
    "|invoices?|billing|speed|handling|response|resolution|solution to|features?|design|search|navigation|catalog(ue)?"
)
_PARTS_ZH = (
    "停车|车位|配送|物流|快递|送货|发货|运费|包装|客服|售后|售前|网站|网页|官网|界面|app|小程序|公众号|员工|店员|导购|人员|态度"
    "|价格|费用|收费|质量|品质|品种|种类|选择|库存|退货|退款|退换|换货|支付|付款|结账|收银|排队|环境|卫生|位置|菜品|口味|会员|积分"
    "|促销|活动|优惠|广告|安装|维修|培训|账单|发票|流程|速度|效率|功能|设计|搜索|沟通|课程|设施|设备"
)

# What is rated or recommended, with an article or a pronoun before it, and the things that stand for all that a company
# offers. Anything else with an article is a part of it.
_RATED = r"\b((satisfied|happy|satisfaction)( (are|were) you)?( overall)? (with|about)|(recommend|refer))"
PARTS = rf"{_RATED} ({_DETERMINER})\b"
_WHOLE = (
    "compan(y|ies)|brands?|business|firm|organi[sz]ation|stores?|shops?|services?|products?|software|experiences?|purchases?"
    "|orders?|visits?|stay|hotel|restaurant|caf[eé]|bank|airline|school|gym|salon|market|supermarket|marketplace|club|platform"
)
WHOLES = (
    rf"{_RATED} {_ADJECTIVES}({_WHOLE})"
    rf"( (and|or) {_ADJECTIVES}({_WHOLE}))*"
    r"( (today|overall|in general|as a whole|to|from|at|with|on|based|given|considering|0|1|if|when|after)\b.*)?$"
)

# Questions with a usual wording that ask something else, so that the run lists them.
OTHERS = "|".join(
    (
        # another object
        r"\b(competitors?|competition|rivals?|employers?|place to work|working (here|at|for|with)|your job)\b",
        r"\b(another|other) (compan|brand|shop|store|provider|supplier|retailer|vendor|product)",
        r"竞争对手|竞品|对手|(其他|其它|别的|另一)(家|个)?(品牌|公司|商家|企业|店|供应商|产品)|雇主|工作场所",
        # a part of what the company offers
        rf"\b(satisfied|happy|satisfaction)( (are|were) you)?( overall)? (with|about) {_ADJECTIVES}({_PARTS})\b",
        rf"\b(recommend|refer) {_ADJECTIVES}({_PARTS})\b",
        rf"\b({_PARTS}) (overall )?satisfaction\b",
        rf"(对|推荐)(您|你|我们|我司|咱们|本店|本公司|这家|该|的|公司|产品|商品|服务| )*({_PARTS_ZH})",
        rf"({_PARTS_ZH})[^ ]{{0,4}}满意|满意度?[ 的]*({_PARTS_ZH})",
        # a text about the score
        r"^comments?\b|\b(comments?|feedback|remarks?|notes|text|verbatim|please specify|open ended response)$",
        r"\b(why|reasons?|explain)\b|为什么|为何|原因|理由|说明|备注|评论",
        # a scale in words, and one on which a low number is a good one
        r"\b(three|four|five|six|seven|nine|ten|eleven) points?\b|[三四五六七九十](分制|级|点)",
        r"\b[01] (is |means |being |stands for |represents )?(very|extremely|completely|totally|most|highly|definitely)"
        r" (satisfied|happy|likely)",
        r"\b[01] ?分?(代表|表示|为|是|指)?(非常|很|十分|极其|完全)(满意|愿意|可能)",
    )
)
