"""The usual wordings of the three scores that most surveys ask, as regular expressions of RE2.

They are for a question in the form that `wordings.plain` gives it. A question that is taken for a score that it does
not ask changes numbers that nobody would look at again; one that is not known is listed by the run. So each pattern
describes a whole question, and a question with a word of `OTHERS` is not known.
"""

_DETERMINER = "the|our|your|this|that|these|those|its|their|my|all"
_ADJECTIVES = (
    rf"(({_DETERMINER}|of|overall|general|whole|entire|last|latest|recent|new|online|shopping|customer|product|service)"
    r" )*"
)

# What stands for all that a company offers.
_WHOLE = (
    "compan(y|ies)|brands?|business|firm|organi[sz]ation|stores?|shops?|services?|products?|software|experiences?"
    "|purchases?|orders?|visits?|stay|hotel|restaurant|caf[eé]|bank|airline|school|university|gym|salon|clinic|market"
    "|supermarket|marketplace|club|platform"
)
_NAME = r"[^ ]+( [^ ]+){0,3}"
_OBJECT = (
    rf"(us|{_ADJECTIVES}({_WHOLE})( (and|or) {_ADJECTIVES}({_WHOLE}))*( you received)?"
    rf"( (at|with|in|from|of) (us|{_ADJECTIVES}({_WHOLE})))?|{_NAME})"
)

# What may follow the question: a time, or its scale with the meaning of its ends.
_END = r"( (overall|today|so far|in general|as a whole))?( .*\b\d.*)?$"
_YOU_ARE = r"(satisfied|happy)( or (dissatisfied|unhappy))?"

_ENDS_ZH = r"(吗|呢|如何|怎么样|怎样|度|程度|水平|评分|打分|评价|得分|是多少|是|为|的| )*( .*\d.*)?$"
_PEOPLE_ZH = "朋友|友人|同事|同学|家人|亲友|亲戚|亲人|熟人|他人|别人|其他人|身边|周围|您认识的人|伙伴"
_RECOMMEND_ZH = (
    rf"((向|给|跟|和|对)[^ ]{{0,10}}({_PEOPLE_ZH})[^ ]{{0,4}}推荐|推荐(给|至)[^ ]{{0,6}}({_PEOPLE_ZH})"
    r"|推荐(我们|本公司|本店|本品牌|该品牌|本平台))"
)
_LIKELY_ZH = r"(多大|多高|什么)(的)?(可能性?|程度|意愿)"

# The time that a question is about. Its number is none of the scale.
TIMES = (
    r"\b(next|coming|following|last|past|previous) \d{1,2} (days?|weeks?|months?|years?)\b"
    r"|(未来|今后|接下来|过去|最近|近)的? ?\d{1,2} ?(天|周|个?月|年)"
)

# Each score has the scale that is usual for it. A question whose wording states other numbers is not known; one that
# was asked on another scale is listed by the run if its answers show it.
USUAL = (
    (
        "nps",
        r"\bhow likely (are you|is it( that)? you|would you be|would you)( (would|are|will))?( to)?( still| actively)?"
        rf" (recommend|refer) {_OBJECT}( (to|based|given|considering|when|if|in) .*)?{_END}",
    ),
    ("nps", r"\b(would|will) you recommend\b.*\b0 .*\b10\b|\b0 .*\b10\b.*\b(would|will) you recommend\b"),
    (
        "nps",
        rf"{_LIKELY_ZH}[^ ]{{0,12}}{_RECOMMEND_ZH}"
        rf"|{_RECOMMEND_ZH}[^ ]{{0,8}}(可能性?|意愿|程度)(有|是)?(多大|多高|多少|几分)",
    ),
    ("nps", rf"\b0 ?分?(到|至|分到|分至)? ?10.*{_RECOMMEND_ZH}|(把|将)[^ ]{{1,8}}推荐给.*0 ?分?(到|至|分到|分至)? ?10"),
    ("csat_overall", rf"\boverall how {_YOU_ARE} (are|were|have you been) you( with {_OBJECT})?{_END}"),
    ("csat_overall", rf"\bhow {_YOU_ARE} (are|were) you( overall)?( with {_OBJECT})? overall{_END}"),
    ("csat_overall", rf"\bhow {_YOU_ARE} (are|were) you overall( with {_OBJECT})?{_END}"),
    (
        "csat_overall",
        rf"\bhow {_YOU_ARE} (are|were) you with (us|our (company"
        rf"|service|services|products?)|the services? you received)$",
    ),
    (
        "csat_overall",
        r"^((please )?(rate|indicate)|(what is|how would you rate"
        r"|how do you rate))?( ?(your|my|the))? ?overall satisfaction"
        rf"( score| rating| level)?( with {_OBJECT})?{_END}",
    ),
    ("csat_overall", rf"(总体|整体|总的|综合)[^ ]{{0,3}} ?[^ ]{{0,14}}满意{_ENDS_ZH}"),
    ("csat_overall", rf"对[^ ]{{1,12}}(总体|整体|综合)[^ ]{{0,4}}满意{_ENDS_ZH}"),
    ("csat_purchase", rf"\bhow {_YOU_ARE} (are|were) you with (this|your|your (last|latest|recent)) (purchase|order)$"),
    ("csat_purchase", rf"(这次|本次|此次)的?(购买|购物|消费)的?(体验|过程|经历)?[^ ]{{0,4}}满意{_ENDS_ZH}"),
    ("ces", r"\bmade it easy (for me )?to (handle|resolve|solve) my (issue|problem|request)\b"),
    ("ces", r"(轻松|容易|方便)地?(解决|处理)了?我的问题"),
    # the name of a score as that of a column
    ("nps", r"^(nps|net promoter)( score)?( rating| value| question| answer)?( 0 (to )?10)?$"),
    ("nps", r"^(nps|净推荐|净推荐值)( ?(得分|评分|打分|分数|分值|题|值))?( ?0 ?分?(到|至)? ?10 ?分?)?$"),
    ("nps", r"^(your )?(likelihood|likeliness|willingness|likely) to recommend( us)?\b.*\b0 .*\b10\b"),
    ("nps", r"^(推荐|净推荐)(意愿|意向|度|可能性|指数)[^ ]{0,2} ?0 ?分?(到|至)? ?10 ?分?$"),
    ("csat_overall", r"^csat( score| rating)?( 1 (to )?5)?$"),
)

_AGAIN = rf"(again( (from|with|at) (us|{_ADJECTIVES}({_WHOLE})))?|(from|with|at) (us|{_ADJECTIVES}({_WHOLE}))( again)?)"
_SPAN = r"(in|within|over|during) the (next|coming|following)( \d{1,2})? (days?|weeks?|months?|years?)"
_SPAN_ZH = r"(在?(未来|今后|接下来)的?( ?(\d{1,2}|一|半|三|六|几) ?)?(天|周|个?月|年)?(之?内|里|中)?)?"
_BUY_ZH = (
    r"(再次|再|继续)(在|从|来|到)?(我们|本店|本公司|本品牌|本平台)?(这里|这儿|店里?|家|的)?"
    r"(购买|购物|选购|消费|回购|光顾)"
)

# Questions that are asked on different scales, so that only a wording that states its scale is known: the construct,
# and the question without its scale.
STATED = (
    (
        "repurchase_intent",
        rf"\bhow likely (are you|is it( that)? you|would you be|would you)( (would|are|will))?( to)?"
        rf" (buy|purchase|shop|order|repurchase)( (something|products?))? {_AGAIN}( {_SPAN})?"
        r"( (on a scale (of|from) )?\d.*)?$",
    ),
    (
        "repurchase_intent",
        rf"^{_SPAN_ZH} ?(您|你)?{_SPAN_ZH} ?(有)?多大(的)?可能(性)?(会|愿意)?{_BUY_ZH}"
        rf"(我们|本店|本公司|本品牌)?(的)?(产品|商品|服务)?{_ENDS_ZH}",
    ),
)
SCALES = ((1, 5), (1, 7), (1, 10), (0, 10))
"""The scales that a wording may state: the smallest and the largest of its numbers."""

_PARTS = (
    "parking|car park|deliver(y|ies)|shipping|shipment|packag(e|es|ing)|web ?sites?|sites?|apps?|staff|employees?|team"
    "|agents?|support|helpdesk|hotline|call|chat|check ?out|payments?|pric(e|es|ing)|fees?|cost|quality|selection"
    "|assortment|availability|returns?|refunds?|exchanges?|cleanliness|location|atmosphere|food|menu|queue"
    "|waiting times?|opening hours|newsletters?|e ?mails?|communication|information|advice|advertising|promotions?"
    "|offers?|rewards?|points|program(me)?|membership|installation|repairs?|maintenance|warranty|training|onboarding"
    "|account|invoices?|billing|speed|handled|handling|response|resolution|features?|design|search|navigation"
    "|catalog(ue)?|webinar|event|course|doctor|teacher|lighting|rooms?"
)
_PARTS_ZH = (
    "停车|车位|配送|物流|快递|送货|发货|运费|骑手|包装|客服|售后|售前"
    "|咨询|预约|网站|网页|官网|界面|app|小程序|公众号|直播|员工|店员|导购"
    "|人员|态度|价格|费用|收费|性价比|质量|品质|外观|品种|种类|选择|库存"
    "|退货|退款|退换|换货|支付|付款|结账|收银|排队|环境|卫生|位置|菜品"
    "|口味|会员|积分|促销|活动|优惠|广告|安装|维修|培训|账单|发票"
    "|流程|速度|效率|功能|设计|搜索|沟通|课程|讲座|设施|设备|物业|食堂"
)
# An article or a pronoun before something that does not stand for all that a company offers names a part of it.
_RATED = r"\b((satisfied|happy|satisfaction|unhappy)( (are|were) you)?( overall)? (with|about|of)|(recommend|refer))"
PARTS = rf"{_RATED} ({_DETERMINER})\b"
WHOLES = (
    rf"{_RATED} {_ADJECTIVES}({_WHOLE})( you received)?( (and|or) {_ADJECTIVES}({_WHOLE}))*"
    r"( (today|overall|in general|as a whole|to|from|at|with|on|based|given|considering|in|\d+|if|when|after)\b.*)?$"
)

# Questions with a usual wording that ask something else, so that the run lists them.
OTHERS = "|".join(
    (
        # another object
        r"\b(competitors?|competition|rivals?|other (customers|compan|brand|shop|store)|another)\b",
        r"\b(employers?|place to work|work|working|workplace|jobs?|careers?|life|manager|boss)\b",
        r"\b(who|whom|dr|mr|mrs|ms)\b|\b(recommend|refer) me\b|\brefer (to|back)\b|\brecommend (that|to)\b",
        r"竞争对手|竞品|对手"
        r"|(其他|其它|别的|另一|上一|以前|前一)(家|个|使用)?的?(品牌|公司|商家|企业|店|供应商|产品|顾客)|行业",
        r"雇主|工作|就职|入职|求职|应聘|职场|报考|生活|领导|上司|薪|福利|老师",
        # a part of what the company offers
        rf"\b(satisfied|happy|satisfaction)\b.*\b({_PARTS})\b|\b({_PARTS})\b.*\boverall satisfaction\b",
        rf"\b(recommend|refer) {_ADJECTIVES}[^ ]* ?[^ ]* ?({_PARTS})\b",
        rf"(对|推荐)(您|你|我们|我司|咱们|本店|本公司|这家|该|的|公司|产品|商品|服务| )*({_PARTS_ZH})",
        rf"({_PARTS_ZH})[^ ]{{0,6}}满意|满意度?[ 的]*({_PARTS_ZH})",
        # something about the score
        r"^comments?\b|\b(comments?|feedback|remarks?|notes|text|verbatim|please specify|open ended response)$",
        r"\b(why|reasons?|explain|which|important|importance|factors?"
        r"|influenc\w*|improve\w*|compared|last year|changed?)\b",
        r"为什么|为何|原因|理由|说明|备注|评论|影响|因素|哪|相比|变化|改进|希望|重要",
        # what somebody recommends to the customer
        r"推荐(的|商品|产品|内容|系统|算法|位|理由)|(店员|系统|首页|网红|达人|专家)(给您|向您|为您)?推荐",
        r"(^|[^把将])(我们|平台)(给您|向您|为您)?推荐",
        # the contrary
        r"\b(would|do|did|will|was|were|are) not\b"
        r"|\b(did|would|do|was|were|has|have)n t\b|\bnot to (recommend|refer)\b",
        r"\b(nobody|no one|never|against)\b|不(会|愿|愿意|想|打算)?(把|将|向[^ ]{0,8})?推荐"
        r"|(没|没有|没能|未|未能|不)(能)?(轻松|容易|方便)",
        r"最(不)?满意|多不满意|(您|你|总体|整体)不满意|不满意的|让您不满",
        # a scale in words, and one on which a low number is a good one
        r"\b(three|four|five|six|seven|nine|ten|eleven) points?\b"
        r"|[三四五六七九十](分制|级|点)|百分制|一到[五七十]|一至[五七十]",
        r"\b(from|of|to) (zero|one|two|five|seven|ten)\b",
        r"\b[01] (is |means |being |stands for |represents )?(very|extremely|completely|totally|most|highly|definitely)"
        r" (satisfied|happy|likely)",
        r"\b[01] ?分?(代表|表示|为|是|指)?(非常|很|十分|极其|完全)(满意|愿意|可能)",
    )
)
