drop index idx_migration_ledger_token;
create index idx_migration_ledger_token on migration_ledger (old_token_hash)
  where outcome = 'moved' and old_token_hash is not null;
