{#-
The materialization `connected_components` finds the connected components of a graph.

The model's query returns the edges (one_key, other_key). An edge may have either direction and may be repeated. The
table has one row (node, component) for each node with an edge to another node. `component` is the smallest node that
is connected with it by a path of any length.

Source: the two-phase algorithm of Kiveris et al., Connected Components in MapReduce and Beyond, SoCC 2014. A round
connects the larger neighbours of each node with its smallest neighbour, then the smaller neighbours. Neither step
joins or splits components. In the end the edges form stars around the smallest node of each component. This takes at
most O(log2(nodes)^2) rounds. The loop ends when all edges form stars. If they never do, the build fails, so no
component is stored in parts.
-#}
{% materialization connected_components, default -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}

    {%- set state = namespace(edges=component_edges(0), rounds=0, has_ended=false) -%}
    {%- do replace_table(state.edges, first_edges(sql)) -%}
    {%- for round in range(1, 1001) if not state.has_ended -%}
        {%- if run_query(is_stars(state.edges)).columns[0].values()[0] -%}
            {%- set state.has_ended = true -%}
            {%- set state.rounds = round - 1 -%}
            {%- break -%}
        {%- endif -%}
        {%- set next_edges = component_edges(round % 2) -%}
        {%- do replace_table(next_edges, star_round(state.edges)) -%}
        {%- set state.edges = next_edges -%}
    {%- endfor -%}
    {%- if not state.has_ended -%}
        {{ exceptions.raise_compiler_error(this ~ ': the components were not found in 1000 rounds') }}
    {%- endif -%}
    {{ log(this ~ ': ' ~ state.rounds ~ ' rounds') }}

    {%- if existing is not none -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
    {%- call statement('main', auto_begin=false) -%}
        {{ create_table_as(false, target, stars_by_node(state.edges)) }}
    {%- endcall -%}
    {%- do adapter.drop_relation(component_edges(0)) -%}
    {%- do adapter.drop_relation(component_edges(1)) -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}

{#- A work table of the model: number 0 for even rounds, 1 for odd rounds. -#}
{% macro component_edges(number) -%}
    {{ return(this.incorporate(path={'identifier': this.identifier ~ '__edges_' ~ number}, type='table')) }}
{%- endmacro %}

{#- Replaces the table `relation` by the result of `query`. -#}
{% macro replace_table(relation, query) -%}
    {%- do adapter.drop_relation(relation) -%}
    {%- call statement('replace_table', auto_begin=false) -%}
        {{ create_table_as(false, relation, query) }}
    {%- endcall -%}
{%- endmacro %}

{#- Each edge once, from its larger node to its smaller node. -#}
{% macro first_edges(edges) -%}
select distinct
    case when one_key < other_key then other_key else one_key end as node,
    case when one_key < other_key then one_key else other_key end as hub
from (
{{ edges }}
) as edges
where one_key <> other_key
{%- endmacro %}

{#- Whether the edges form stars: each `node` has one edge, and none of them is the hub of another edge. -#}
{% macro is_stars(edges) -%}
select
    count(*) = count(distinct node)
    and count(case when node in (select hub from {{ edges }}) then 1 end) = 0 as is_stars
from {{ edges }}
{%- endmacro %}

{#- One round of the algorithm: a query of the next edges. `edges` is a relation with the columns node and hub. -#}
{% macro star_round(edges) -%}
with smallest_neighbours as (
    select
        node,
        min(neighbour) as neighbour
    from (
        select node, hub as neighbour from {{ edges }}
        union all
        select hub as node, node as neighbour from {{ edges }}
    ) as neighbours
    group by node
),

-- each node moves from its hub to the smallest neighbour of the hub
larger_moved as (
    select
        edges.node,
        case when smallest.neighbour < edges.hub then smallest.neighbour else edges.hub end as hub
    from {{ edges }} as edges
    inner join smallest_neighbours as smallest on edges.hub = smallest.node
),

smallest_hubs as (
    select
        node,
        min(hub) as hub
    from larger_moved
    group by node
)

select node, hub from smallest_hubs
union
select
    moved.hub as node,
    smallest.hub
from larger_moved as moved
inner join smallest_hubs as smallest on moved.node = smallest.node
where moved.hub <> smallest.hub
{%- endmacro %}

{#- The components from edges that form stars: one row per node, with the hub as its component. -#}
{% macro stars_by_node(edges) -%}
select node, hub as component from {{ edges }}
union
select hub as node, hub as component from {{ edges }}
{%- endmacro %}
