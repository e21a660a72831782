with

files as (
    select
        content,
        _file,
        _delivered_at
    from {{ source('movielens', 'ratings') }}
),

-- DuckDB's own functions, which bronze may use: a line a row, a tab between fields.
lines as (
    select
        string_split(unnest(string_split(content, chr(10))), chr(9)) as parts,
        _file,
        _delivered_at
    from files
),

final as (
    select
        cast(parts[1] as integer) as user_id,
        cast(parts[2] as integer) as item_id,
        cast(parts[3] as integer) as rating,
        cast(to_timestamp(cast(parts[4] as bigint)) at time zone 'UTC' as timestamp) as rated_at,
        _file,
        _delivered_at
    from lines
    where len(parts) = 4
)

select * from final
