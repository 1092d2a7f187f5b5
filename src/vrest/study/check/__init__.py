"""Is this cell possible, and what would mend it?"""
