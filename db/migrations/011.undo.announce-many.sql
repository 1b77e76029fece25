create index idx_migration_ledger_instance on migration_ledger (instance_id) where outcome = 'moved';
drop trigger berth_instance_gone on user_service_instances;
drop trigger berth_instance_made on user_service_instances;
create trigger berth_instance_made_or_gone
  after insert or delete on user_service_instances
  for each row execute function berth_announce_instance();
drop function berth_announce_made();
