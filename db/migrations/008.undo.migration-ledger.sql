drop table migration_users;
drop table migration_ledger;
drop table migration_runs;
