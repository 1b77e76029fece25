-- Where requests to old URLs go: one row. Without a cutover, what is moved is served here.
create table old_url_routing (
  is_only boolean primary key default true check (is_only),
  -- of moved instances, served here
  percent numeric(5, 2) not null default 100 check (percent between 0 and 100),
  -- exceptions: user id or service → shared | old
  users jsonb not null default '{}',
  services jsonb not null default '{}',
  -- whether requests are noted for a comparison; each change of the routing begins a new one
  comparing boolean not null default false,
  epoch integer not null default 1,
  -- what answers to old URLs and the API tell users
  notice text,
  notice_since timestamptz
);
insert into old_url_routing default values;

create function berth_announce_routing() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'routing');
  return null;
end
$$;

create trigger berth_routing_changed
  after update on old_url_routing for each statement execute function berth_announce_routing();

-- Who still uses old URLs: by the handle here, since an old id opens its instance.
create table old_url_usage (
  instance_id varchar(100) primary key,
  last_used_at timestamptz not null,
  requests bigint not null default 0
);

-- Each walk from the older model to this one; the newest row is the one that counts.
create table cutovers (
  id integer generated always as identity primary key,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  -- where it stands: step, share, checks, what was decided
  state jsonb not null,
  -- each change adds one: who read another version must read again
  version integer not null default 1
);
create unique index idx_cutovers_running on cutovers ((true)) where ended_at is null;

-- Requests of both paths, for the comparison.
create table cutover_samples (
  id bigint generated always as identity primary key,
  epoch integer not null,
  is_new boolean not null,
  service varchar(50) not null,
  instance_id varchar(100) not null,
  latency_ms real not null,
  is_error boolean not null
);
create index idx_cutover_samples_epoch on cutover_samples (epoch, id);

-- What was decided, and by which figures.
create table cutover_decisions (
  id bigint generated always as identity primary key,
  cutover_id integer not null references cutovers,
  at timestamptz not null default now(),
  step text not null,
  percent numeric(5, 2) not null,
  decision text not null,
  reason text not null,
  figures jsonb not null
);
