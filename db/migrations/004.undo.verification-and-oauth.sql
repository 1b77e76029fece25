drop table oauth_logins;
drop table oauth_clients;

drop trigger berth_verification_changed on user_service_instances;
drop function berth_announce_verification();
drop trigger user_service_instances_oauth_removed_key on user_service_instances;
-- their indexes go with them
alter table user_service_instances
  drop column refresh_lease_until,
  drop column refresh_lease,
  drop column refresh_tries,
  drop column refresh_at,
  drop column access_expires_at,
  drop column sealed_oauth,
  drop column check_at,
  drop column check_tries,
  drop column verified_at,
  drop column account,
  drop column verification;
