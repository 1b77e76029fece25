-- Usage also by tool ('' for what calls none), with latencies in buckets, so that percentiles can be told of any sum.
alter table service_usage add column tool varchar(128) not null default '';
-- one count per bucket of src/model/latency.ts; rows from before have none
alter table service_usage add column latency_buckets bigint[] not null default '{}';
alter table service_usage drop constraint service_usage_pkey;
alter table service_usage add primary key (instance_id, hour, tool);

-- What is older, by day (UTC): a row is either here or there, so that sums over both are right at any time.
create table service_usage_daily (like service_usage including defaults);
alter table service_usage_daily add primary key (instance_id, hour, tool);
create index idx_service_usage_daily_hour on service_usage_daily (hour);

create view service_usage_all as
  select instance_id, hour, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency_buckets
  from service_usage
  union all
  select instance_id, hour, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency_buckets
  from service_usage_daily;

-- Idle instances are found by it.
create index idx_user_service_instances_last_used_at on user_service_instances (last_used_at);
