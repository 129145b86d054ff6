"""What every part uses: errors, durable files, SQL quoting, DuckDB connections, text. It depends on no other part."""
