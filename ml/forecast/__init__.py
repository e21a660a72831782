"""What a series will be next: forecasts with intervals, series by series."""
