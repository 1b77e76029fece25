-- Each run that moved instances of the older model, one process per user and service, into this one.
create table migration_runs (
  id uuid primary key,
  -- host, port and name of the old database; never its password
  source text not null,
  -- a: credentials beside the instance, encrypted. b: in api_keys
  variant text not null check (variant in ('a', 'b')),
  decoder text not null,
  on_conflict text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  state text not null default 'running' check (state in ('running', 'done', 'failed', 'rolled_back')),
  -- how many were moved, and left for which reason
  figures jsonb not null default '{}'
);

-- What became of each instance of the older model: exactly one row for each.
create table migration_ledger (
  old_instance_id uuid primary key,
  old_type text not null,
  -- SHA-256 of the token in its old URL; null when it had none
  old_token_hash bytea,
  user_id uuid,
  outcome text not null check (outcome in ('moved', 'left')),
  -- of what was left
  reason text,
  -- of what was moved; no foreign key, since its user may remove it later
  instance_id varchar(100),
  -- a keyed hash of the old row, by which a later run sees that it has changed
  source_hash bytea not null,
  -- incomplete: lacks a field that the service declares. kept: changed in both worlds since; the new one's stays
  flags text[] not null default '{}',
  run_id uuid not null,
  -- a run made the instance: a rollback removes it
  made boolean not null default false,
  -- the instance's updated_at as the run wrote it; another one says that somebody changed it since
  moved_at timestamptz,
  check ((outcome = 'moved') = (instance_id is not null)),
  check ((outcome = 'left') = (reason is not null))
);

create index idx_migration_ledger_token on migration_ledger (old_token_hash)
  where outcome = 'moved' and old_token_hash is not null;
create index idx_migration_ledger_instance on migration_ledger (instance_id) where outcome = 'moved';
create index idx_migration_ledger_left on migration_ledger (reason) where outcome = 'left';

-- Users that were copied from another database: a rollback removes those who have nothing else here.
create table migration_users (
  user_id uuid primary key,
  run_id uuid not null
);

-- Inserts are many at once: the check of removed keys asks once for all of them, and not, row by row, for longer than the
-- insert itself takes.
create function berth_refuse_removed_keys() returns trigger language plpgsql as $$
declare
  removed text;
begin
  if not exists (select 1 from vault_keys where state = 'removed') then
    return null;
  end if;
  select k.kid into removed from added a join vault_keys k on k.state = 'removed' and k.kid in (
    split_part(a.encrypted_api_key, '.', 2), split_part(a.sealed_secret, '.', 2), split_part(a.sealed_oauth, '.', 2)
  ) limit 1;
  if removed is not null then
    raise exception 'sealed by the removed key %', removed using errcode = 'BK001';
  end if;
  return null;
end
$$;

drop trigger user_service_instances_removed_key on user_service_instances;
drop trigger user_service_instances_oauth_removed_key on user_service_instances;
create trigger user_service_instances_removed_key
  before update of encrypted_api_key, sealed_secret, sealed_oauth on user_service_instances
  for each row execute function berth_refuse_removed_key('encrypted_api_key', 'sealed_secret', 'sealed_oauth');
create trigger user_service_instances_inserted_key
  after insert on user_service_instances referencing new table as added
  for each statement execute function berth_refuse_removed_keys();
