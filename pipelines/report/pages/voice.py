"""The page `voice`: what customers say (NPS, CSAT, CES), what drives it, and what happens after a complaint."""

from pipelines.report.blocks import Block, Chart, Page, Parts

_RECENT = "month_start_on > $as_of - interval 25 month"

NPS = Block(
    key="nps",
    marts=("rpt_nps",),
    sql=f"""
        select month_start_on, n_answers, nps, nps_low, nps_high
        from rpt_nps
        where period_kind = 'month' and survey_kind = 'all' and slice_by = 'all' and n_answers > 0 and {_RECENT}
        order by month_start_on
    """,  # noqa: S608 (texts of ours)
    chart=Chart("lines", x="month_start_on", y="nps", low="nps_low", high="nps_high"),
    group="n_answers",
    parts=Parts("nps", ("month_start_on",)),
    needs="nps",
)

NPS_BY_CHANNEL = Block(
    key="nps_by_channel",
    is_narrow=True,
    marts=("rpt_nps",),
    sql="""
        select slice_value as channel, n_answers, nps, nps_low, nps_high
        from rpt_nps
        where period_kind = 'all' and survey_kind = 'all' and slice_by = 'channel' and n_answers > 0
        order by nps desc, channel
    """,
    chart=Chart("bars", x="nps", y="channel", low="nps_low", high="nps_high"),
    codes={"channel": "channel"},
    group="n_answers",
    parts=Parts("nps", ("channel",)),
    needs="nps",
)


def _construct(key: str, construct: str, column: str, count: str = "n_answers") -> Block:
    """One construct over the months."""
    return Block(
        key=key,
        is_narrow=True,
        marts=("rpt_satisfaction",),
        sql=f"""
            select month_start_on, {count}, {column}, {column}_low, {column}_high
            from rpt_satisfaction
            where period_kind = 'month' and slice_by = 'all' and construct = '{construct}' and {count} > 0 and {_RECENT}
            order by month_start_on
        """,  # noqa: S608 (texts of ours)
        chart=Chart("lines", x="month_start_on", y=column, low=f"{column}_low", high=f"{column}_high"),
        group=count,
        parts=Parts(construct, ("month_start_on",)),
        needs=construct,
    )


CONSTRUCTS = Block(
    key="constructs",
    marts=("rpt_satisfaction",),
    sql="""
        select construct, n_answers, mean_score, mean_score_low, mean_score_high
        from rpt_satisfaction
        where period_kind = 'all' and slice_by = 'all' and n_answers > 0
        order by mean_score desc, construct
    """,
    chart=Chart("bars", x="mean_score", y="construct", low="mean_score_low", high="mean_score_high"),
    codes={"construct": "explanation"},
    group="n_answers",
    needs="surveys",
)

DRIVERS = Block(
    key="drivers",
    marts=("rpt_drivers",),
    sql="""
        select
            construct,
            importance_share,
            importance_share_low,
            importance_share_high,
            mean_score,
            driver_quadrant,
            n_responses,
            survey_id
        from rpt_drivers
        where outcome = 'nps' and status = 'ok' and importance_share is not null
        qualify (survey_id, source) = first_value((survey_id, source)) over (
            order by n_responses desc, survey_id, source
        )
        order by importance_rank, construct
    """,
    chart=Chart("scatter", x="mean_score", y="importance_share", colour="driver_quadrant", value="construct"),
    codes={"construct": "explanation", "driver_quadrant": "driver_quadrant"},
    group="n_responses",
    needs="drivers",
)

CURVE = Block(
    key="satisfaction_curve",
    is_narrow=True,
    marts=("rpt_satisfaction_curve",),
    sql="""
        select
            cast(lower_score as integer) || ' – ' || cast(upper_score as integer) as score_band,
            n_customers,
            returned_share,
            returned_share_low,
            returned_share_high
        from rpt_satisfaction_curve
        where construct = 'csat'
        order by lower_score
    """,
    chart=Chart("bars", x="returned_share", y="score_band", low="returned_share_low", high="returned_share_high"),
    group="n_customers",
    parts=Parts("curve", ("score_band",)),
    needs="csat",
)

COMPLAINTS = Block(
    key="complaints",
    is_narrow=True,
    marts=("rpt_feedback",),
    sql="""
        select try_cast(slice_value as date) as month_on, n_feedback, n_resolved, mean_first_response_hours,
            mean_resolution_hours
        from rpt_feedback
        where kind = 'complaint' and slice_by = 'month' and slice_value <> 'other'
        order by month_on
    """,
    chart=Chart("columns", x="month_on", y="n_feedback"),
    group="n_feedback",
    needs="cases",
)

RECOVERY = Block(
    key="recovery",
    is_narrow=True,
    marts=("rpt_feedback",),
    sql="""
        select slice_value as resolution_speed, n_closed, followed_share, followed_share_low, followed_share_high
        from rpt_feedback
        where kind = 'complaint' and slice_by = 'resolution_speed' and n_closed > 0
        order by list_position(['quick', 'slow', 'unresolved', 'unknown'], slice_value)
    """,
    chart=Chart("bars", x="followed_share", y="resolution_speed", low="followed_share_low", high="followed_share_high"),
    codes={"resolution_speed": "resolution_speed"},
    group="n_closed",
    parts=Parts("complaints", ("resolution_speed",)),
    needs="cases",
)

PAGE = Page(
    "voice",
    (
        NPS,
        NPS_BY_CHANNEL,
        _construct("csat", "csat", "top_share"),
        _construct("ces", "ces", "easy_share", "n_effort_answers"),
        DRIVERS,
        CONSTRUCTS,
        CURVE,
        COMPLAINTS,
        RECOVERY,
    ),
)
