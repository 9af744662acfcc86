"""What dashboards can show, one `Plot` each: results, and what there is to know of an op."""
