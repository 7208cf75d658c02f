//! Made-up values for every template, for previews and for checking a template when it is published.
