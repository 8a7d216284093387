"""AutoML jobs of version 2 for time series: data in, a tested model that serves for real out."""
