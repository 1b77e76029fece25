alter table service_usage reset (fillfactor);
alter table user_service_instances reset (fillfactor);
create index idx_user_service_instances_last_used_at on user_service_instances (last_used_at);
