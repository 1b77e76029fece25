-- What was wrong with a request; null: nothing.
alter table cutover_samples drop column is_error;
alter table cutover_samples add fault text check (fault in ('status', 'cut', 'silent', 'away', 'tool'));

-- Whether an error of a tool, inside an answer of 200, counts as one.
alter table old_url_routing add tool_errors boolean not null default true;
