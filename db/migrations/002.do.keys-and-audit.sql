-- pending: a rotation waits until every live process has loaded it. active: seals. retired: opens only. removed: is in no
-- ring any more, and what it sealed is refused by the tables.
alter table vault_keys add column state text not null default 'retired'
  check (state in ('pending', 'active', 'retired', 'removed'));
update vault_keys set state = 'active'
  where kid = (select kid from vault_keys order by created_at desc, kid limit 1);
create unique index idx_vault_keys_active on vault_keys (state) where state = 'active';
create unique index idx_vault_keys_pending on vault_keys (state) where state = 'pending';

-- Every process that seals or opens something here, with the keys that it has loaded.
create table vault_processes (
  id uuid primary key,
  role text not null,
  machine text not null,
  pid integer not null,
  kids text[] not null,
  -- the key by which it seals
  sealing text not null,
  seen_at timestamptz not null default now()
);

-- A process that slept through a rotation may come with a record under a key that is nowhere any more.
create function berth_refuse_removed_key() returns trigger language plpgsql as $$
declare
  sealed jsonb := to_jsonb(new);
  name text;
begin
  foreach name in array tg_argv loop
    if exists (
      select 1 from vault_keys where kid = split_part(sealed ->> name, '.', 2) and state = 'removed'
    ) then
      raise exception 'sealed by the removed key %', split_part(sealed ->> name, '.', 2)
        using errcode = 'BK001';
    end if;
  end loop;
  return new;
end
$$;

create trigger user_service_instances_removed_key
  before insert or update of encrypted_api_key, sealed_secret on user_service_instances
  for each row execute function berth_refuse_removed_key('encrypted_api_key', 'sealed_secret');

-- One row: which log this is. A home remembers the end of each log that it wrote.
create table audit_identity (
  only_one boolean primary key default true check (only_one),
  log_id uuid not null default gen_random_uuid()
);
insert into audit_identity default values;

create table audit_log (
  -- without gaps, from 1
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text not null,
  source text not null,
  -- a JSON object, as it was hashed
  details text not null,
  -- SHA-256 over the entry and the hash before it
  hash bytea not null,
  -- HMAC of the hash under a key of the ring: a writer of the database can't make it
  kid text not null,
  mac bytea not null
);
create index idx_audit_log_target on audit_log (target, seq);
create index idx_audit_log_actor on audit_log (actor, seq);

-- What retention has cut away: everything up to seq, whose hash is signed.
create table audit_checkpoints (
  seq bigint primary key,
  hash bytea not null,
  at timestamptz not null,
  kid text not null,
  mac bytea not null
);
