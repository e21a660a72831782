{{ behaviour(ref('slv_clicks__actions'), moments=ref('slv_clicks__moments')) }}
