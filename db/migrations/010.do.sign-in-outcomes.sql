-- What became of a sign-in stays for its user to ask, until it would have expired; what was sealed for it is wiped when it is
-- used.
alter table oauth_logins
  alter column sealed_login drop not null,
  add column used_at timestamptz,
  -- done, denied, refused or failed
  add column outcome varchar(20);
