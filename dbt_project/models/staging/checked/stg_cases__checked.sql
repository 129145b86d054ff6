{{ checked_rows('cases') }}
