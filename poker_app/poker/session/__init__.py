"""A session as a whole: opening, options, access, timer, series, copies, archive and retention."""
