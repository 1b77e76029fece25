-- What Berth knows of a user beyond users, which may belong to another program.
create table user_settings (
  user_id uuid primary key,
  role text not null default 'user' check (role in ('user', 'operator', 'admin')),
  -- null: as many as there are services
  max_instances integer check (max_instances >= 0)
);

-- Who a JWT's subject is; never found by email.
create table user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);

create index idx_user_identities_user_id on user_identities (user_id);

alter table api_tokens
  add column name text not null default '',
  -- to the minute
  add column last_used_at timestamptz;

do $$
begin
  alter table user_settings
    add constraint user_settings_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
  alter table user_identities
    add constraint user_identities_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
exception
  when invalid_foreign_key then
    raise notice 'users.id is not unique; user_settings and user_identities have no foreign key to it';
end
$$;

-- Gateways remember who a token stands for, and what they may do.
create function berth_announce_account() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'token');
  return null;
end
$$;

create trigger berth_settings_changed
  after insert or update or delete on user_settings
  for each statement execute function berth_announce_account();

create trigger berth_identity_changed
  after insert or update or delete on user_identities
  for each statement execute function berth_announce_account();
