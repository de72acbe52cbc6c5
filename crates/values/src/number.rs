//! Numbers as Java writes them.
