{{ session_totals(sessions=ref('slv_clicks__actions'), entity='user_id') }}
