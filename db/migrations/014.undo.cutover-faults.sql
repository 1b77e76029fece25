alter table old_url_routing drop column tool_errors;
alter table cutover_samples drop column fault;
alter table cutover_samples add is_error boolean not null default false;
