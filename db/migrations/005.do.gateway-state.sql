-- Gateways remember instances and tokens. Whoever changes one, by whatever way, tells them all; a batch of usage counters
-- (last_used_at, usage_count) does not.
create function berth_announce_instance() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'instance ' || coalesce(new.instance_id, old.instance_id));
  return null;
end
$$;

create trigger berth_instance_made_or_gone
  after insert or delete on user_service_instances
  for each row execute function berth_announce_instance();

create trigger berth_instance_changed
  after update of instance_id, user_id, service_type, encrypted_api_key, secret_hash, is_active on user_service_instances
  for each row
  -- sealed again by another key it means the same
  when (current_setting('berth.resealing', true) is distinct from 'on')
  execute function berth_announce_instance();

create function berth_announce_token() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'token');
  return null;
end
$$;

-- Not of last_used_at, which gateways write themselves.
create trigger berth_token_changed
  after insert or delete or update of user_id, token_hash, scopes, expires_at, revoked_at on api_tokens
  for each statement execute function berth_announce_token();

-- What went through the gateways, by instance and hour. It outlives the instance: no foreign key.
create table service_usage (
  instance_id varchar(100) not null,
  hour timestamptz not null,
  user_id uuid not null,
  service_type varchar(50) not null,
  requests bigint not null default 0,
  -- answered with 400 or more, or cut off
  errors bigint not null default 0,
  bytes_in bigint not null default 0,
  bytes_out bigint not null default 0,
  -- of those that are no streams; their number is requests - streams
  latency_ms bigint not null default 0,
  streams bigint not null default 0,
  primary key (instance_id, hour)
);

create index idx_service_usage_hour on service_usage (hour);
create index idx_service_usage_user_id on service_usage (user_id, hour);
