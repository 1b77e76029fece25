-- Tokens are random: a b-tree of them costs a migration more than all else that it writes to the ledger.
drop index idx_migration_ledger_token;
create index idx_migration_ledger_token on migration_ledger using hash (old_token_hash)
  where outcome = 'moved' and old_token_hash is not null;
