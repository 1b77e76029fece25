-- An existing users table is adopted as it is; the comment tells the undo which one it may drop.
do $$
begin
  if to_regclass('users') is null then
    create table users (
      id uuid primary key default gen_random_uuid(),
      email text not null unique,
      created_at timestamptz not null default now()
    );
    comment on table users is 'made by berth';
  end if;
end
$$;

create table user_service_instances (
  -- the handle: <3 letters of the service>_user_<8 hex of the user id>_<6 hex>
  instance_id varchar(100) primary key,
  user_id uuid not null,
  service_type varchar(50) not null,
  -- v1.<key id>.<nonce>.<ciphertext> of one JSON object with all fields
  encrypted_api_key text not null,
  -- SHA-256 of the URL's secret, for checking
  secret_hash bytea not null,
  -- the URL's secret, sealed like the credentials, for showing it to its owner
  sealed_secret text not null,
  is_active boolean not null default true,
  -- made while every outside call went to the sandbox
  sandbox boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_used_at timestamptz,
  usage_count bigint not null default 0,
  unique (user_id, service_type)
);

create index idx_user_service_instances_user_id on user_service_instances (user_id);
create index idx_user_service_instances_service_type on user_service_instances (service_type);

create table api_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  -- SHA-256; the token itself is shown once
  token_hash bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

create index idx_api_tokens_user_id on api_tokens (user_id);

-- Deleting a user ends their instances and tokens; an adopted users table may lack the key that this needs.
do $$
begin
  alter table user_service_instances
    add constraint user_service_instances_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
  alter table api_tokens
    add constraint api_tokens_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
exception
  when invalid_foreign_key then
    raise notice 'users.id is not unique; Berth''s tables have no foreign key to it';
end
$$;

-- One known plaintext per key that sealed something here: a ring that cannot open it is the wrong ring.
create table vault_keys (
  kid text primary key,
  check_value text not null,
  created_at timestamptz not null default now()
);
