drop table user_identities;
drop table user_settings;
drop function berth_announce_account();
alter table api_tokens drop column name, drop column last_used_at;
