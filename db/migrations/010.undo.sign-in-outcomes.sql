delete from oauth_logins where sealed_login is null;
alter table oauth_logins
  drop column if exists outcome,
  drop column if exists used_at,
  alter column sealed_login set not null;
