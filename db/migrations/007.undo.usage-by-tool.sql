drop index idx_user_service_instances_last_used_at;
drop view service_usage_all;
drop table service_usage_daily;

create temporary table berth_usage_sums on commit drop as
  select instance_id, hour, user_id, service_type, sum(requests) as requests, sum(errors) as errors, sum(bytes_in) as bytes_in,
    sum(bytes_out) as bytes_out, sum(latency_ms) as latency_ms, sum(streams) as streams
  from service_usage group by instance_id, hour, user_id, service_type;
delete from service_usage;
alter table service_usage drop constraint service_usage_pkey;
alter table service_usage drop column tool;
alter table service_usage drop column latency_buckets;
alter table service_usage add primary key (instance_id, hour);
insert into service_usage (instance_id, hour, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams)
  select instance_id, hour, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams from berth_usage_sums;
