-- Gateways write what they count of an instance every few seconds. Postgres changes a row in its place, without a new entry in
-- each index, when no index holds what changes and the page has room for the new version.
drop index idx_user_service_instances_last_used_at;
alter table user_service_instances set (fillfactor = 85);
alter table service_usage set (fillfactor = 70);
