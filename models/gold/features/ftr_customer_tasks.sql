{{ behaviour(ref('slv_app__session_events'), calendar=ref('slv_calendar__as_of_dates')) }}
