-- What happened, in the order in which it was written: whoever adds to it holds a lock until it has committed, so nobody
-- who reads on behind an id misses one. It outlives what it is about: no foreign keys.
create table events (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  type text not null,
  service text,
  instance_id text,
  user_id uuid,
  message text not null,
  data jsonb not null default '{}'
);

create index idx_events_at on events (at);
create index idx_events_service on events (service, id) where service is not null;
create index idx_events_user_id on events (user_id, id) where user_id is not null;

-- Who writes in batches, and the last one that is here: a batch whose answer was lost is not written twice.
create table batch_writers (
  id uuid primary key,
  last bigint not null,
  seen_at timestamptz not null default now()
);

-- What is known of each service's health now.
create table service_health_status (
  service_type varchar(50) primary key,
  state varchar(20) not null,
  since timestamptz not null,
  -- what the last failed probe met
  cause varchar(20),
  reason text,
  last_check timestamptz not null,
  -- of the last probe that was answered
  response_ms integer,
  consecutive_failures integer not null default 0
);

-- Sums of the probes by hour. Time counts as up when the probe before it was answered.
create table service_health_hours (
  service_type varchar(50) not null,
  hour timestamptz not null,
  checks bigint not null default 0,
  failures bigint not null default 0,
  up_ms bigint not null default 0,
  down_ms bigint not null default 0,
  -- sum and greatest of the answered ones
  response_ms bigint not null default 0,
  max_response_ms integer not null default 0,
  primary key (service_type, hour)
);

create index idx_service_health_hours_hour on service_health_hours (hour);

create table webhooks (
  id uuid primary key default gen_random_uuid(),
  -- scheme, host and port; the whole address may hold a secret
  origin text not null,
  sealed_url text not null,
  sealed_secret text not null,
  -- beginnings of types; empty: all
  types text[] not null default '{}',
  -- of one service only
  service text,
  -- may be at a private address
  allow_private boolean not null default false,
  -- gone: the target answered 410
  state varchar(10) not null default 'active' check (state in ('active', 'gone')),
  created_at timestamptz not null default now(),
  -- every event up to this one is delivered or dead
  cursor bigint not null,
  -- failed attempts in a row
  tries integer not null default 0,
  try_at timestamptz not null default now(),
  failure text,
  delivered_at timestamptz,
  -- who sends right now, and until when nobody else may
  lease uuid,
  lease_until timestamptz
);

create trigger webhooks_removed_key
  before insert or update of sealed_url, sealed_secret on webhooks
  for each row execute function berth_refuse_removed_key('sealed_url', 'sealed_secret');

-- Events that a webhook's target did not take.
create table webhook_dead_letters (
  webhook_id uuid not null references webhooks (id) on delete cascade,
  event_id bigint not null,
  at timestamptz not null default now(),
  reason text not null,
  -- as it would have been sent
  event jsonb not null,
  primary key (webhook_id, event_id)
);
