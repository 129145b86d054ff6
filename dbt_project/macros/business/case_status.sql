{#-
Whether a case is open. It is closed if it has a closing time, unless its status says that it was opened again, or if
its status is one of the words below. They are compared as order statuses are (macro status_word).
-#}
{% macro is_case_open(status, closed_at) -%}
    case
        when {{ status_word(status) }} in ('reopened', 'reopen', '重新打开') then true
        when {{ closed_at }} is not null then false
        else not coalesce({{ status_word(status) }} in ('{{ (solved_words() + ended_words()) | join("', '") }}'), false)
    end
{%- endmacro %}

{#- Whether a closed case was resolved: its status does not say that it ended in another way. -#}
{% macro is_case_resolved(status, closed_at) -%}
    not {{ is_case_open(status, closed_at) }}
        and not coalesce({{ status_word(status) }} in ('{{ ended_words() | join("', '") }}'), false)
{%- endmacro %}

{#- Statuses of cases that were closed with a result. -#}
{% macro solved_words() -%}
    {{ return([
        'closed', 'resolved', 'solved', 'done', 'completed', 'complete', 'finished', 'fixed',
        'geschlossen', 'gelost', 'erledigt', 'abgeschlossen', 'ferme', 'resolu', 'termine', 'cerrado', 'resuelto',
        '已关闭', '已解决', '已完成', '已结案', '已处理', '关闭', '完成', '结案',
    ]) }}
{%- endmacro %}

{#- Statuses of cases that ended without a result. -#}
{% macro ended_words() -%}
    {{ return([
        'rejected', 'cancelled', 'canceled', 'withdrawn', 'declined', 'duplicate', 'invalid', 'spam', 'unresolved',
        '已取消', '已拒绝', '已驳回', '已撤回', '未解决',
    ]) }}
{%- endmacro %}
