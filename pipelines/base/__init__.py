"""What every part uses: errors, durable files, SQL quoting, DuckDB connections, text. It knows no part of the pipeline."""
