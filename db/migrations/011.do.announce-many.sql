-- A migration makes thousands of instances with one statement, and of new ones nobody remembers more than that they were not
-- there: one message says that there are some.
create function berth_announce_made() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_changes', 'made');
  return null;
end
$$;

drop trigger berth_instance_made_or_gone on user_service_instances;
create trigger berth_instance_made
  after insert on user_service_instances for each statement execute function berth_announce_made();
create trigger berth_instance_gone
  after delete on user_service_instances for each row execute function berth_announce_instance();

-- Nothing looks for a handle in the ledger.
drop index idx_migration_ledger_instance;
