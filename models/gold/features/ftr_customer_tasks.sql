{{ behaviour(ref('slv_app__events'), calendar=ref('slv_calendar__as_of_dates')) }}
