{{ training_set(
    spine=ref('slv_clicks__moments'),
    time='as_of',
    features=['ftr_visitors']
) }}
