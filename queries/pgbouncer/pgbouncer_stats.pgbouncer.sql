show stats
