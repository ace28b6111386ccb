pytest_plugins = ["convformance.plugin"]
