drop table audit_checkpoints;
drop table audit_log;
drop table audit_identity;
drop trigger user_service_instances_removed_key on user_service_instances;
drop function berth_refuse_removed_key();
drop table vault_processes;
drop index idx_vault_keys_pending;
drop index idx_vault_keys_active;
alter table vault_keys drop column state;
