{#- E-mails and phones of customers, and the references of guests: rows with an e-mail and without a reference. -#}

{#- The entities with a reference and with contacts, each with the columns of its contacts. -#}
{% macro entities_with_contacts() -%}
    {%- set found = {} -%}
    {%- for name in entities() -%}
        {%- set columns = ['email', 'phone'] | select('in', entity(name).columns) | list -%}
        {%- if columns -%} {%- do found.update({name: columns}) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The same as pairs of an entity and a column: email or phone. -#}
{% macro columns_of_contacts() -%}
    {%- set found = [] -%}
    {%- for name, columns in entities_with_contacts().items() -%}
        {%- for column in columns -%} {%- do found.append([name, column]) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Whether rows of an entity can be of guests: they have an e-mail, and the reference is not their key. -#}
{% macro has_guests(name) -%}
    {{ return('email' in entity(name).columns and entity(name).key != ['customer_ref']) }}
{%- endmacro %}

{#-
The versions of an entity in which a guest has a reference too: a relation with the columns of stg_<entity>.

columns  the columns to select; all of them by default
-#}
{% macro with_guests(name, columns=none) -%}
{%- set columns = columns or staged_columns(name) -%}
(
    select
        {%- for column in columns %}
        {%- if column == 'customer_ref' %}
        coalesce(stated.customer_ref, guests.guest_ref) as customer_ref{{ ',' if not loop.last }}
        {%- else %}
        stated.{{ column }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from {{ ref('stg_' ~ name) }} as stated
    left join {{ ref('int_guest') }} as guests
        on stated.email = guests.email and stated.customer_ref is null
)
{%- endmacro %}

{#- The prefix of a guest's reference, before the identifier of their e-mail. -#}
{% macro guest_prefix() -%} '@' {%- endmacro %}

{#- The earliest day; NULL, which means always, if any day is NULL. -#}
{% macro earliest_known(day) -%}
    case when count(*) = count({{ day }}) then min({{ day }}) end
{%- endmacro %}

{#- The rank of a reference among those of a customer; the first one gives the key. `refs` is int_identity_reference. -#}
{% macro member_rank(component, refs) -%}
    row_number() over (
            partition by {{ component }}
            order by
                {{ refs }}.known_on asc nulls first,
                {{ refs }}.source,
                {{ refs }}.own_key
        )
{%- endmacro %}
