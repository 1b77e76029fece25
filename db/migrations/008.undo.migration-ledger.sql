drop trigger user_service_instances_inserted_key on user_service_instances;
drop trigger user_service_instances_removed_key on user_service_instances;
drop function berth_refuse_removed_keys();
create trigger user_service_instances_removed_key
  before insert or update of encrypted_api_key, sealed_secret on user_service_instances
  for each row execute function berth_refuse_removed_key('encrypted_api_key', 'sealed_secret');
create trigger user_service_instances_oauth_removed_key
  before insert or update of sealed_oauth on user_service_instances
  for each row execute function berth_refuse_removed_key('sealed_oauth');
drop table migration_users;
drop table migration_ledger;
drop table migration_runs;
