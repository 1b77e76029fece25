-- What is known of a key: valid, invalid, unreachable or unverifiable.
alter table user_service_instances
  add column verification varchar(20) not null default 'unverifiable',
  -- what the service's API calls the account
  add column account text,
  -- when the API last said something about the key
  add column verified_at timestamptz,
  -- checks in a row that did not say yes
  add column check_tries integer not null default 0,
  -- when it is checked next; keys from before are checked soon
  add column check_at timestamptz default now(),
  -- sealed: the refresh token
  add column sealed_oauth text,
  add column access_expires_at timestamptz,
  -- when the access token is renewed next
  add column refresh_at timestamptz,
  add column refresh_tries integer not null default 0,
  -- who renews it right now, and until when nobody else may
  add column refresh_lease uuid,
  add column refresh_lease_until timestamptz;

create index idx_user_service_instances_check_at on user_service_instances (check_at)
  where check_at is not null;
create index idx_user_service_instances_refresh_at on user_service_instances (refresh_at)
  where refresh_at is not null;

-- The operator's registration with a service's authorization server.
create table oauth_clients (
  service_type varchar(50) primary key,
  client_id text not null,
  -- absent for a public client
  sealed_client_secret text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Sign-ins under way: between leaving for the authorization server and coming back.
create table oauth_logins (
  -- SHA-256 of the state parameter
  state_hash bytea primary key,
  user_id uuid not null,
  service_type varchar(50) not null,
  -- sealed: the PKCE verifier, and the fields that the user entered
  sealed_login text not null,
  sandbox boolean not null default false,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create index idx_oauth_logins_user_id on oauth_logins (user_id);
create index idx_oauth_logins_expires_at on oauth_logins (expires_at);

do $$
begin
  alter table oauth_logins
    add constraint oauth_logins_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade;
exception
  when invalid_foreign_key then
    raise notice 'users.id is not unique; oauth_logins has no foreign key to it';
end
$$;

create trigger user_service_instances_oauth_removed_key
  before insert or update of sealed_oauth on user_service_instances
  for each row execute function berth_refuse_removed_key('sealed_oauth');
create trigger oauth_clients_removed_key
  before insert or update of sealed_client_secret on oauth_clients
  for each row execute function berth_refuse_removed_key('sealed_client_secret');
create trigger oauth_logins_removed_key
  before insert or update of sealed_login on oauth_logins
  for each row execute function berth_refuse_removed_key('sealed_login');

-- Gateways remember instances, and what a mark means for their tools.
create function berth_announce_verification() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'instance ' || new.instance_id);
  return null;
end
$$;

create trigger berth_verification_changed
  after update of verification on user_service_instances
  for each row when (old.verification is distinct from new.verification)
  execute function berth_announce_verification();
